{{/* Names and labels. Cluster-scoped names end with the namespace, which has no dot: two releases never share one. */}}
{{- define "stowage.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride }}
{{- else if contains $name .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" | replace "." "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" | replace "." "-" }}
{{- end -}}
{{- end -}}

{{/* The three below take {root, program}. */}}
{{- define "stowage.name" -}}{{ include "stowage.fullname" .root }}-{{ .program }}{{- end -}}
{{- define "stowage.clusterName" -}}{{ include "stowage.name" . }}.{{ .root.Release.Namespace }}{{- end -}}
{{- define "stowage.serviceAccount" -}}
{{- $account := (index .root.Values .program).serviceAccount -}}
{{- if $account.name -}}{{ $account.name }}{{- else if $account.create -}}{{ include "stowage.name" . }}
{{- else -}}{{ fail (printf "%s.serviceAccount.name is needed when create is false" .program) }}{{- end -}}
{{- end -}}

{{- define "stowage.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: stowage
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- if .program }}
{{ include "stowage.selector" . }}
{{- end }}
{{- end -}}

{{- define "stowage.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .program }}
{{- end -}}

{{- define "stowage.image" -}}
{{- with .Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end -}}

{{/* {root, mode, api}: "yes" when an object of a definition of others is to be rendered. */}}
{{- define "stowage.renders" -}}
{{- if or (eq .mode "alwaysRender") (.root.Capabilities.APIVersions.Has .api) -}}yes
{{- else if eq .mode "failIfMissing" -}}{{ fail (printf "%s is not there: install its definition, or set renderMode to skipIfMissing" .api) }}
{{- end -}}
{{- end -}}

{{/* The scheduler's configuration as the chart writes it: the user's fields win, but for the lease's place. */}}
{{- define "stowage.schedulerConfig" -}}
{{- with .Values.scheduler.config.leaderElection -}}
{{- if and (hasKey . "leaderElect") (not .leaderElect) -}}
{{ fail "scheduler.config.leaderElection.leaderElect: has to be true, two replicas would decide during every rollout" }}
{{- end -}}
{{- end -}}
{{- range concat (list (dict "schedulerName" .Values.scheduler.schedulerName)) (default list .Values.scheduler.config.profiles) -}}
{{- if eq (toString .schedulerName) "default-scheduler" -}}
{{ fail "schedulerName default-scheduler belongs to kube-scheduler, and two schedulers for the same pods fight over them: give another name" }}
{{- end -}}
{{- end -}}
{{- $own := dict "apiVersion" "kubescheduler.config.k8s.io/v1" "kind" "KubeSchedulerConfiguration"
    "profiles" (list (dict "schedulerName" .Values.scheduler.schedulerName)) -}}
{{- $lease := dict "leaderElection" (dict "resourceName" (include "stowage.name" (dict "root" . "program" "scheduler"))
    "resourceNamespace" .Release.Namespace) -}}
{{- toYaml (mustMergeOverwrite $own (deepCopy .Values.scheduler.config) $lease) -}}
{{- end -}}

{{/* "yes" when the scheduler spreads pods by Services and workloads. */}}
{{- define "stowage.spreadsByDefault" -}}
{{- $scheduler := .Values.scheduler -}}
{{- if eq $scheduler.rbac.defaultSpreading "on" -}}yes
{{- else if eq $scheduler.rbac.defaultSpreading "auto" -}}
{{- if $scheduler.existingConfigMap -}}yes{{- else -}}
{{- $found := false -}}
{{- range $scheduler.config.profiles -}}
{{- if hasKey . "plugins" -}}{{- $found = true -}}{{- end -}}
{{- range .pluginConfig -}}{{- if eq .name "PodTopologySpread" -}}{{- $found = true -}}{{- end -}}{{- end -}}
{{- end -}}
{{- if $found -}}yes{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
