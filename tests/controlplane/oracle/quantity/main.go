// Command quantity answers questions about quantities, label selectors and times with apimachinery
// itself, one line per question, for the conformance tests. Texts travel in hexadecimal.
//
//	Q <text>            -> "ok <canonical> <value> <milli> <big|small>" | "err"
//	A <text> <text>     -> "ok <canonical sum> <canonical difference> <compare>" | "err"
//	S <selector>        -> "ok <selector in canonical form>" | "err"
//	M <selector> <k=v,> -> "ok true|false" | "err"
//	T <text>            -> "ok <unix seconds> <nanoseconds>" | "err"
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
)

func canonical(q *resource.Quantity) string {
	number, suffix := q.CanonicalizeBytes(nil)
	return string(number) + string(suffix)
}

// size tells which of its two forms apimachinery holds the amount in; they round differently.
func size(q resource.Quantity) string {
	if reflect.ValueOf(q).FieldByName("d").FieldByName("Dec").IsNil() {
		return "small"
	}
	return "big"
}

func quantity(text string) string {
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return "err"
	}
	kind := size(q)
	return fmt.Sprintf("ok %s %d %d %s", canonical(&q), q.Value(), q.MilliValue(), kind)
}

func arithmetic(left, right string) string {
	a, err := resource.ParseQuantity(left)
	if err != nil {
		return "err"
	}
	b, err := resource.ParseQuantity(right)
	if err != nil {
		return "err"
	}
	order := a.Cmp(b)
	sum, difference := a.DeepCopy(), a.DeepCopy()
	sum.Add(b)
	difference.Sub(b)
	return fmt.Sprintf("ok %s %s %d", canonical(&sum), canonical(&difference), order)
}

func matches(selector, set string) string {
	s, err := labels.Parse(selector)
	if err != nil {
		return "err"
	}
	values := labels.Set{}
	for _, entry := range strings.Split(set, ",") {
		if key, value, found := strings.Cut(entry, "="); found {
			values[key] = value
		}
	}
	return fmt.Sprintf("ok %t", s.Matches(values))
}

func answer(line string) string {
	fields := strings.Split(line, " ")
	texts := make([]string, 2)
	for i := range texts {
		if i+1 < len(fields) {
			text, err := hex.DecodeString(fields[i+1])
			if err != nil {
				return "bad question"
			}
			texts[i] = string(text)
		}
	}
	switch fields[0] {
	case "Q":
		return quantity(texts[0])
	case "A":
		return arithmetic(texts[0], texts[1])
	case "S":
		s, err := labels.Parse(texts[0])
		if err != nil {
			return "err"
		}
		return "ok " + s.String()
	case "M":
		return matches(texts[0], texts[1])
	case "T":
		t, err := time.Parse(time.RFC3339, texts[0])
		if err != nil {
			return "err"
		}
		return fmt.Sprintf("ok %d %d", t.Unix(), t.Nanosecond())
	}
	return "bad question"
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		fmt.Fprintln(out, answer(lines.Text()))
	}
}
