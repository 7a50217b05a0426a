//go:build tools

// Package tools pins a Git host for the tests.
package tools

import _ "code.gitea.io/gitea"
