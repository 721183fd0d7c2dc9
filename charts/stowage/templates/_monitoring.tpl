{{/* {file, changes, runbooks}: a file of rules with the user's changes of its alerts, which are taken out of changes. */}}
{{- define "stowage.rules" -}}
{{- $groups := list -}}
{{- range $group := .file.groups -}}
{{- $rules := list -}}
{{- range $one := $group.rules -}}
{{- if $one.record -}}{{- $rules = append $rules $one -}}
{{- else -}}
{{- $change := default dict (get $.changes $one.alert) -}}
{{- $_ := unset $.changes $one.alert -}}
{{- if $change.for -}}{{- $_ := set $one "for" $change.for -}}{{- end -}}
{{- if $change.severity -}}{{- $_ := set $one.labels "severity" $change.severity -}}{{- end -}}
{{- $_ := set $one.annotations "runbook_url" (printf "%s%s" $.runbooks $one.annotations.runbook_url) -}}
{{- if ne (toString $change.enabled) "false" -}}{{- $rules = append $rules $one -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $rules -}}{{- $groups = append $groups (dict "name" $group.name "rules" $rules) -}}{{- end -}}
{{- end -}}
{{- toYaml (dict "groups" $groups) -}}
{{- end -}}
