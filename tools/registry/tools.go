//go:build tools

// Package tools pins a small registry of containers and charts for the tests.
package tools

import _ "github.com/google/go-containerregistry/cmd/registry"
