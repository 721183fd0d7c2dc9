// The containers of the end-to-end tests, as one static program: no registry is needed to run a pod.
//
//	app              the sandbox of a pod: waits to be ended
//	app say TEXT     prints TEXT and ends
//	app peer PORT    answers /name with its host name; /ask?host=NAME with, a line each, the address of everybody that
//	                 NAME stands for and what it says its name is
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sort"
	"syscall"
	"time"
)

func main() {
	mode, argument := "", ""
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	if len(os.Args) > 2 {
		argument = os.Args[2]
	}
	switch mode {
	case "":
		untilEnded()
	case "say":
		fmt.Println(argument)
	case "peer":
		go serve(argument)
		untilEnded()
	default:
		fail(fmt.Errorf("unknown mode %q", mode))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// As process 1 of a container the program gets no signal that it does not ask for.
func untilEnded() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
}

func serve(port string) {
	http.HandleFunc("/name", func(w http.ResponseWriter, _ *http.Request) {
		name, err := os.Hostname()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, name)
	})
	http.HandleFunc("/ask", func(w http.ResponseWriter, r *http.Request) {
		answers, err := ask(r.Context(), r.FormValue("host"), port)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		for _, answer := range answers {
			fmt.Fprintln(w, answer)
		}
	})
	server := &http.Server{Addr: ":" + port, ReadHeaderTimeout: 5 * time.Second}
	fail(server.ListenAndServe())
}

func ask(ctx context.Context, host, port string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	answers := make([]string, 0, len(addresses))
	for _, address := range addresses {
		name, err := get(ctx, "http://"+net.JoinHostPort(address, port)+"/name")
		if err != nil {
			return nil, err
		}
		answers = append(answers, address+" "+name)
	}
	sort.Strings(answers)
	return answers, nil
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	return string(body), err
}
