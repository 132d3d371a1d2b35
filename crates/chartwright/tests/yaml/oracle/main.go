// Answers what sigs.k8s.io/yaml makes of texts and values: see ../README.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// answer gives the columns behind the input's own.
func answer(mode, input string) ([]any, error) {
	if mode == "read" {
		out, err := yaml.YAMLToJSON([]byte(input))
		if err != nil {
			return []any{nil}, nil
		}
		return []any{string(out)}, nil
	}
	var value any
	if err := json.Unmarshal([]byte(input), &value); err != nil {
		return nil, err
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	out, err := yaml.Marshal(value)
	if err != nil {
		return []any{nil, string(asJSON)}, nil
	}
	return []any{string(out), string(asJSON)}, nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var input string
		err := json.Unmarshal(lines.Bytes(), &input)
		var columns []any
		if err == nil {
			columns, err = answer(os.Args[1], input)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		row, _ := json.Marshal(append([]any{input}, columns...))
		fmt.Println(string(row))
	}
}
