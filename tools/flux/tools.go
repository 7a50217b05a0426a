//go:build tools

// Package tools pins the Flux controller that tests run beside the operator.
package tools

import _ "github.com/fluxcd/kustomize-controller"
