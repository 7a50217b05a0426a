// kubectl-yaml reads texts as kubectl reads the files of --filename, without an API server: the stream is split and
// converted to JSON by the code that kubectl is built from, and each object is read as kubectl reads an unstructured one.
//
// Input: a JSON array of texts, in base64. Output: one JSON value a line and text: the array of its objects, or null
// when kubectl refuses the text.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	kubejson "sigs.k8s.io/json"
)

func main() {
	var texts [][]byte
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, text := range texts {
		objects, err := read(text)
		if err == nil {
			err = encoder.Encode(objects)
		}
		if err != nil {
			fmt.Fprintln(out, "null")
		}
	}
}

// read does what StreamVisitor.Visit and UnstructuredJSONScheme of kubectl do with a stream.
func read(text []byte) (objects []any, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panic")
		}
	}()
	objects = []any{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		ext := runtime.RawExtension{}
		if err := decoder.Decode(&ext); err != nil {
			if errors.Is(err, io.EOF) {
				return objects, nil
			}
			return nil, err
		}
		ext.Raw = bytes.TrimSpace(ext.Raw)
		if len(ext.Raw) == 0 || bytes.Equal(ext.Raw, []byte("null")) {
			continue
		}
		var object any
		if err := kubejson.UnmarshalCaseSensitivePreserveInts(ext.Raw, &object); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
}
