{{/* Labels that select the pods that sync and heal; they never change. Another role of the program is another component. */}}
{{- define "overseer.controller" -}}
app.kubernetes.io/name: overseer-gitops
app.kubernetes.io/component: controller
{{- end }}

{{/* Labels that select the pods that receive webhooks. */}}
{{- define "overseer.server" -}}
app.kubernetes.io/name: overseer-gitops
app.kubernetes.io/component: server
{{- end }}

{{/* Values of the controller, as YAML: what was at the top once is still read there, so that an upgrade takes old values. */}}
{{- define "overseer.controllerValues" -}}
{{- if not (and .Values.controller .Values.server) }}
{{- fail "these values are those of an older chart alone: upgrade with --reset-then-reuse-values instead of --reuse-values" }}
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

{{/* Four fifths of a quantity in bytes: what is on its way, and packed anew, needs the rest. */}}
{{- define "overseer.gitCacheBytes" -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $number := regexFind "^[0-9.]+" . | float64 -}}
{{- $unit := get $units (regexFind "[A-Za-z]*$" .) | float64 -}}
{{- printf "%.0f" (mulf $number $unit 0.8) -}}
{{- end }}

{{/* Labels of every object. */}}
{{- define "overseer.labels" -}}
app.kubernetes.io/name: overseer-gitops
app.kubernetes.io/part-of: overseer-gitops
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The image, by digest where one is named. */}}
{{- define "overseer.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Where pods may run. */}}
{{- define "overseer.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The operator, as the subject of a binding. */}}
{{- define "overseer.subject" -}}
- kind: ServiceAccount
  name: overseer-gitops
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* What apps of trusted namespaces write as, as the subject of a binding. */}}
{{- define "overseer.trusted" -}}
- kind: ServiceAccount
  name: overseer-gitops-trusted
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* What the schema cannot say. */}}
{{- define "overseer.check" -}}
{{- if and .Values.rbac.clusterAdmin (not .Values.trustedNamespaces) }}
{{- fail "rbac.clusterAdmin is for apps of trustedNamespaces: name one" }}
{{- end }}
{{- if and .Values.rbac.readAll .Values.rbac.secretNamespaces }}
{{- fail "rbac.secretNamespaces limits nothing while rbac.readAll is on: set rbac.readAll=false and name the kinds in rbac.readKinds" }}
{{- end }}
{{- if and .Values.rbac.readAll .Values.rbac.readKinds }}
{{- fail "rbac.readKinds is for rbac.readAll=false: with rbac.readAll every kind is read" }}
{{- end }}
{{- $controller := include "overseer.controllerValues" . | fromYaml }}
{{- if and (not .Values.leaderElection.enabled) (gt (int $controller.replicas) 1) }}
{{- fail (printf "controller.replicas is %d, but without leaderElection.enabled all of them would work at once: set controller.replicas to 1" (int $controller.replicas)) }}
{{- end }}
{{- if and .Values.server.ingress.enabled (not .Values.server.ingress.host) }}
{{- fail "server.ingress.enabled needs server.ingress.host: the name at which the Git host finds the webhooks" }}
{{- end }}
{{- end }}
