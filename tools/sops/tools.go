//go:build tools

// Package tools pins SOPS, with which tests encrypt files.
package tools

import _ "github.com/getsops/sops/v3/cmd/sops"
