//go:build tools

// Package tools pins kwok, which plays the kubelet of a fake node in the demo and the tests.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
