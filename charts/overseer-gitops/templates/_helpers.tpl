{{/* Labels that select the pods that sync and heal; they never change. Another role of the program is another component. */}}
{{- define "overseer.controller" -}}
app.kubernetes.io/name: overseer-gitops
app.kubernetes.io/component: controller
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

{{/* The operator, as the subject of a binding. */}}
{{- define "overseer.subject" -}}
- kind: ServiceAccount
  name: overseer-gitops
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* What the schema cannot say. */}}
{{- define "overseer.check" -}}
{{- if and .Values.rbac.readAll .Values.rbac.secretNamespaces }}
{{- fail "rbac.secretNamespaces limits nothing while rbac.readAll is on: set rbac.readAll=false and name the kinds in rbac.readKinds" }}
{{- end }}
{{- if and .Values.rbac.readAll .Values.rbac.readKinds }}
{{- fail "rbac.readKinds is for rbac.readAll=false: with rbac.readAll every kind is read" }}
{{- end }}
{{- if and (not .Values.leaderElection.enabled) (gt (int .Values.replicas) 1) }}
{{- fail (printf "replicas is %d, but without leaderElection.enabled all of them would work at once: set replicas to 1" (int .Values.replicas)) }}
{{- end }}
{{- end }}
