{{/* Name of the program in labels. */}}
{{- define "overseer.name" -}}
{{ .Values.nameOverride | default "overseer-gitops" }}
{{- end }}

{{/* Name of all objects, or its prefix. */}}
{{- define "overseer.fullname" -}}
{{ .Values.fullnameOverride | default (include "overseer.name" .) }}
{{- end }}

{{/* ServiceAccount of the role controller. */}}
{{- define "overseer.controllerAccount" -}}
{{- $account := (include "overseer.controllerValues" . | fromYaml).serviceAccount }}
{{- $account.name | default (include "overseer.fullname" .) }}
{{- end }}

{{/* ServiceAccount of the role server. */}}
{{- define "overseer.serverAccount" -}}
{{ .Values.server.serviceAccount.name | default (printf "%s-server" (include "overseer.fullname" .)) }}
{{- end }}

{{/* ServiceAccount of the role api. */}}
{{- define "overseer.apiAccount" -}}
{{ .Values.api.serviceAccount.name | default (printf "%s-api" (include "overseer.fullname" .)) }}
{{- end }}

{{/* Selector labels of the role controller. Immutable. */}}
{{- define "overseer.controller" -}}
app.kubernetes.io/name: {{ include "overseer.name" . }}
app.kubernetes.io/component: controller
{{- end }}

{{/* Selector labels of the role server. Immutable. */}}
{{- define "overseer.server" -}}
app.kubernetes.io/name: {{ include "overseer.name" . }}
app.kubernetes.io/component: server
{{- end }}

{{/* Selector labels of the role api. Immutable. */}}
{{- define "overseer.api" -}}
app.kubernetes.io/name: {{ include "overseer.name" . }}
app.kubernetes.io/component: api
{{- end }}

{{/* Values of the controller, as YAML. Former top-level values are still read, so that upgrades with old values work. */}}
{{- define "overseer.controllerValues" -}}
{{- if not (and .Values.controller .Values.server (hasKey .Values "commonLabels")) }}
{{- fail "the values are those of an older chart: upgrade with --reset-then-reuse-values instead of --reuse-values" }}
{{- end }}
{{- $values := deepCopy .Values.controller }}
{{- range list "replicas" "resources" "serviceAccount" "podDisruptionBudget" "topologySpreadConstraints" }}
{{- if hasKey $.Values . }}
{{- $old := get $.Values . }}
{{- if kindIs "map" $old }}
{{- $old = mergeOverwrite (get $values .) $old }}
{{- end }}
{{- $_ := set $values . $old }}
{{- end }}
{{- end }}
{{- with .Values.networkPolicy.egressPorts }}
{{- $_ := set $values.networkPolicy "egressPorts" . }}
{{- end }}
{{- toYaml $values }}
{{- end }}

{{/* Bytes of a share of the cache volume. Git objects get 80 %, rendered documents 5 %; fetches and repacking need the rest. */}}
{{- define "overseer.cacheBytes" -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $cache := .root.Values.cache -}}
{{- $size := ternary $cache.persistence.size $cache.sizeLimit $cache.persistence.enabled -}}
{{- $number := regexFind "^[0-9.]+" $size | float64 -}}
{{- $unit := get $units (regexFind "[A-Za-z]*$" $size) | float64 -}}
{{- printf "%.0f" (mulf $number $unit .share) -}}
{{- end }}

{{/* Labels of all objects. */}}
{{- define "overseer.labels" -}}
app.kubernetes.io/name: {{ include "overseer.name" . }}
app.kubernetes.io/part-of: overseer-gitops
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Image reference, by digest if set. */}}
{{- define "overseer.image" -}}
{{- $repository := required "image.repository is not set, and there is no published image: build one with make image, push it to a registry of yours, and name it: --set image.repository=registry.example.com/team/overseer-gitops" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Pod labels of a role, without selector labels. Call with role and root. */}}
{{- define "overseer.podLabels" -}}
{{- with mergeOverwrite (deepCopy .root.Values.commonLabels) .root.Values.podLabels .role.podLabels }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Pod annotations of a role. */}}
{{- define "overseer.podAnnotations" -}}
{{- with mergeOverwrite (deepCopy .root.Values.podAnnotations) .role.podAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Pod settings of both roles: names, hosts, priority, security. */}}
{{- define "overseer.pod" -}}
{{- with .role.priorityClassName | default .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .role.dnsPolicy | default .root.Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .role.dnsConfig | default .root.Values.dnsConfig }}
dnsConfig: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .role.hostAliases | default .root.Values.hostAliases }}
hostAliases: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with mergeOverwrite (deepCopy .root.Values.podSecurityContext) .role.podSecurityContext }}
securityContext: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Container security context of a role. */}}
{{- define "overseer.securityContext" -}}
{{- toYaml (mergeOverwrite (deepCopy .root.Values.securityContext) .role.securityContext) }}
{{- end }}

{{/* Scheduling of a role: its own values, or else the common ones. */}}
{{- define "overseer.placement" -}}
{{- $selector := .selector | fromYaml }}
{{- with .role.topologySpreadConstraints }}
topologySpreadConstraints:
{{- range . }}
  {{- list (merge (deepCopy .) (dict "labelSelector" (dict "matchLabels" $selector))) | toYaml | nindent 2 }}
{{- end }}
{{- end }}
{{- with .role.nodeSelector | default .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .role.tolerations | default .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .role.affinity | default .root.Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Egress ports of a role and of the proxies in extraEnv, as YAML. Call with role and values. */}}
{{- define "overseer.egressPorts" -}}
{{- $ports := list }}
{{- range .role.networkPolicy.egressPorts }}
{{- $ports = append $ports (int .) }}
{{- end }}
{{- range concat .values.extraEnv .role.extraEnv }}
{{- if and (has (upper .name) (list "HTTP_PROXY" "HTTPS_PROXY" "ALL_PROXY")) .value }}
{{- with regexFind ":[0-9]+/?$" .value }}
{{- $ports = append $ports (regexFind "[0-9]+" . | int) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml (uniq $ports) }}
{{- end }}

{{/* Milliseconds of a duration such as 1m30s. */}}
{{- define "overseer.ms" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 -}}
{{- $total := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|s|m|h)" . -1 -}}
{{- $total = addf $total (mulf (regexFind "^[0-9.]+" . | float64) (get $units (regexFind "[a-z]+$" .) | float64)) -}}
{{- end -}}
{{- printf "%.0f" $total -}}
{{- end }}

{{/* The operator, as the subject of a binding. */}}
{{- define "overseer.subject" -}}
- kind: ServiceAccount
  name: {{ include "overseer.controllerAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* The ServiceAccount of apps in trusted namespaces, as the subject of a binding. */}}
{{- define "overseer.trusted" -}}
- kind: ServiceAccount
  name: {{ include "overseer.fullname" . }}-trusted
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Validations that the schema cannot express. */}}
{{- define "overseer.check" -}}
{{- if and .Values.rbac.clusterAdmin (not .Values.trustedNamespaces) }}
{{- fail "rbac.clusterAdmin is for apps of trustedNamespaces: set trustedNamespaces" }}
{{- end }}
{{- if and .Values.rbac.readAll .Values.rbac.secretNamespaces }}
{{- fail "rbac.secretNamespaces has no effect while rbac.readAll is true: set rbac.readAll=false and list the kinds in rbac.readKinds" }}
{{- end }}
{{- if and .Values.rbac.readAll .Values.rbac.readKinds }}
{{- fail "rbac.readKinds is for rbac.readAll=false: with rbac.readAll all kinds are read" }}
{{- end }}
{{- $controller := include "overseer.controllerValues" . | fromYaml }}
{{- if and (not .Values.leaderElection.enabled) (gt (int $controller.replicas) 1) }}
{{- fail (printf "controller.replicas is %d, but without leaderElection.enabled all replicas would be active: set controller.replicas to 1" (int $controller.replicas)) }}
{{- end }}
{{- if and .Values.shards (not .Values.leaderElection.enabled) }}
{{- fail "shards need leaderElection.enabled: each shard has a Lease" }}
{{- end }}
{{- if and .Values.shards .Values.api.enabled .Values.api.leader.enabled }}
{{- fail "shards and api.leader.enabled cannot be combined: there is no single leader to ask" }}
{{- end }}
{{- range $name, $namespaces := .Values.shards }}
{{- range $other, $others := $.Values.shards }}
{{- range $namespaces }}
{{- if and (ne $name $other) (has . $others) }}
{{- fail (printf "shards.%s and shards.%s both list the namespace %s: a namespace is in one group" $name $other .) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $namespaces }}
{{- if and $.Values.watchNamespaces (not (has . $.Values.watchNamespaces)) }}
{{- fail (printf "shards.%s lists the namespace %s, which is missing in watchNamespaces" $name .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.leaderElection.enabled }}
{{- $duration := include "overseer.ms" .Values.leaderElection.leaseDuration | int64 }}
{{- $deadline := include "overseer.ms" .Values.leaderElection.renewDeadline | int64 }}
{{- $retry := include "overseer.ms" .Values.leaderElection.retryPeriod | int64 }}
{{- if or (lt $duration 2000) (gt $duration 3600000) (mod $duration 1000) }}
{{- fail (printf "leaderElection.leaseDuration must be whole seconds, from 2s to 1h; it is %s" .Values.leaderElection.leaseDuration) }}
{{- end }}
{{- if or (lt $deadline 100) (lt $retry 100) }}
{{- fail "leaderElection.renewDeadline and leaderElection.retryPeriod must be at least 100ms" }}
{{- end }}
{{- if gt (add $deadline 1000) $duration }}
{{- fail (printf "leaderElection.renewDeadline (%s) must be at least a second shorter than leaderElection.leaseDuration (%s)" .Values.leaderElection.renewDeadline .Values.leaderElection.leaseDuration) }}
{{- end }}
{{- if gt (mul $retry 3) $deadline }}
{{- fail (printf "leaderElection.retryPeriod (%s) must be at most a third of leaderElection.renewDeadline (%s)" .Values.leaderElection.retryPeriod .Values.leaderElection.renewDeadline) }}
{{- end }}
{{- end }}
{{- if and .Values.server.enabled (eq (int .Values.server.port) (int .Values.metrics.port)) }}
{{- fail (printf "server.port and metrics.port are both %d: pods of the server listen on both, so they must differ" (int .Values.server.port)) }}
{{- end }}
{{- if and .Values.api.enabled (eq (int .Values.api.port) (int .Values.metrics.port)) }}
{{- fail (printf "api.port and metrics.port are both %d: pods of the API listen on both, so they must differ" (int .Values.api.port)) }}
{{- end }}
{{- if and .Values.api.enabled .Values.api.ingress.enabled (not (and .Values.api.ingress.host .Values.api.ingress.tlsSecret)) }}
{{- fail "api.ingress.enabled needs api.ingress.host and api.ingress.tlsSecret: tokens must not be sent without TLS" }}
{{- end }}
{{- with .Values.api }}
{{- if and .oidc.issuer (not (and .oidc.clientId .publicUrl .impersonation.enabled)) }}
{{- fail "api.oidc.issuer needs api.oidc.clientId, api.publicUrl and api.impersonation.enabled: the API acts as the users who sign in" }}
{{- end }}
{{- if and .oidc.issuer (not .session.keySecret) (gt (int .replicas) 1) }}
{{- fail (printf "api.replicas is %d, but without api.session.keySecret each replica knows its own sessions only: create the Secret" (int .replicas)) }}
{{- end }}
{{- end }}
{{- range $role, $account := dict "controller" $controller.serviceAccount "server" .Values.server.serviceAccount "api" .Values.api.serviceAccount }}
{{- if and (not $account.create) (not $account.name) }}
{{- fail (printf "%s.serviceAccount.create is false: set %s.serviceAccount.name to an existing ServiceAccount" $role $role) }}
{{- end }}
{{- end }}
{{- if and .Values.cache.persistence.enabled (gt (int $controller.replicas) 1) }}
{{- fail (printf "cache.persistence needs controller.replicas=1: two pods cannot share one volume; controller.replicas is %d" (int $controller.replicas)) }}
{{- end }}
{{- if and .Values.server.httpRoute.enabled (not .Values.server.httpRoute.parentRefs) }}
{{- fail "server.httpRoute.enabled needs server.httpRoute.parentRefs: the Gateways that receive the webhooks, for example [{name: public, namespace: gateways}]" }}
{{- end }}
{{- with .Values.metrics.serviceMonitor }}
{{- if and .scrapeTimeout (gt (include "overseer.ms" .scrapeTimeout | int64) (include "overseer.ms" .interval | int64)) }}
{{- fail (printf "metrics.serviceMonitor.scrapeTimeout (%s) must not be longer than metrics.serviceMonitor.interval (%s)" .scrapeTimeout .interval) }}
{{- end }}
{{- end }}
{{- if and .Values.server.ingress.enabled (not .Values.server.ingress.host) }}
{{- fail "server.ingress.enabled needs server.ingress.host: the host name of the webhook URL" }}
{{- end }}
{{- end }}

{{/* Groups of namespaces as the flag --shards takes them. */}}
{{- define "overseer.shards" }}
{{- $groups := list }}
{{- range $name, $namespaces := . }}
{{- $groups = append $groups (printf "%s=%s" $name (join "," $namespaces)) }}
{{- end }}
{{- join ";" $groups }}
{{- end }}
