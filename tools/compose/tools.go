//go:build tools

// Package tools pins Docker Compose, a plugin of the Docker CLI, for the tests.
package tools

import _ "github.com/docker/compose/v2/cmd"
