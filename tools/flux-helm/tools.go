//go:build tools

// Package tools pins the Flux controller of HelmReleases that tests run beside the operator.
package tools

import _ "github.com/fluxcd/helm-controller"
