//go:build tools

// Package tools pins the Flux controllers that tests run beside the operator.
package tools

import (
	_ "github.com/fluxcd/helm-controller"
	_ "github.com/fluxcd/kustomize-controller"
)
