package main

import (
	"fmt"
	"net"
	"regexp"
	"sort"
	"strings"

	core "k8s.io/api/core/v1"
)

// environment of a container: values in the order of the spec, each may refer to those before it.
func (c *container) environment(spec *core.Container) ([]string, map[string]string, error) {
	host, port, err := net.SplitHostPort(c.worker.fleet.server)
	if err != nil {
		return nil, nil, err
	}
	values := map[string]string{}
	all := []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOSTNAME=" + c.worker.name, "HOME=/",
		"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port}
	for _, e := range spec.Env {
		value := expand(e.Value, values)
		if e.ValueFrom != nil {
			if value, err = field(c.worker.pod(), c.worker.ip, e.ValueFrom.FieldRef.FieldPath); err != nil {
				return nil, nil, err
			}
		}
		values[e.Name] = value
		all = append(all, e.Name+"="+value)
	}
	return all, values, nil
}

var reference = regexp.MustCompile(`\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)`)

// expand replaces $(NAME) as far as NAME is known, and $$ by $.
func expand(text string, values map[string]string) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		if found == "$$" {
			return "$"
		}
		if value, ok := values[found[2:len(found)-1]]; ok {
			return value
		}
		return found
	})
}

var keyed = regexp.MustCompile(`^metadata\.(labels|annotations)\['([^']+)'\]$`)

// field of a pod, as the downward API has it.
func field(pod *core.Pod, ip, path string) (string, error) {
	switch path {
	case "metadata.name":
		return pod.Name, nil
	case "metadata.namespace":
		return pod.Namespace, nil
	case "metadata.uid":
		return string(pod.UID), nil
	case "metadata.labels":
		return lines(pod.Labels), nil
	case "metadata.annotations":
		return lines(pod.Annotations), nil
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.podIP", "status.podIPs":
		return ip, nil
	case "status.hostIP", "status.hostIPs":
		return "127.0.0.1", nil
	}
	if found := keyed.FindStringSubmatch(path); found != nil {
		if found[1] == "labels" {
			return pod.Labels[found[2]], nil
		}
		return pod.Annotations[found[2]], nil
	}
	return "", fmt.Errorf("the stand-in does not have field %s", path)
}

// lines: KEY="VALUE" by key (pkg/fieldpath/fieldpath.go).
func lines(values map[string]string) string {
	var all []string
	for key, value := range values {
		all = append(all, fmt.Sprintf("%s=%q", key, value))
	}
	sort.Strings(all)
	return strings.Join(all, "\n")
}
