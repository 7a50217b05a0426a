//go:build tools

// Package tools pins the etcd server that the control plane of the demo and the tests stores its data in.
package tools

import _ "go.etcd.io/etcd/server/v3"
