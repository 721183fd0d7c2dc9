{{/* What each program may do, and the tests of both with it: scripts/chart_roles.py writes their manifests from this. */}}
{{- define "stowage.schedulerRules" }}
{{- $rbac := .root.Values.scheduler.rbac }}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes, namespaces]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods/binding]
  verbs: [create]
- apiGroups: [""]
  resources: [pods/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- if $rbac.preemption }}
# Preemption: victims are deleted by uid, budgets are heeded.
- apiGroups: [""]
  resources: [pods]
  verbs: [delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list, watch]
{{- end }}
{{- if $rbac.volumes }}
# Where pods with persistent volumes may run.
- apiGroups: [""]
  resources: [persistentvolumeclaims, persistentvolumes]
  verbs: [list, watch, patch]
- apiGroups: [storage.k8s.io]
  resources: [storageclasses, csinodes, csidrivers, csistoragecapacities, volumeattachments]
  verbs: [list, watch]
{{- end }}
{{- if include "stowage.spreadsByDefault" .root }}
# Pods without constraints of their own are spread by these.
- apiGroups: [""]
  resources: [services, replicationcontrollers]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [replicasets, statefulsets]
  verbs: [list, watch]
{{- end }}
{{ include "stowage.reviewRules" . }}
{{- end }}

{{- define "stowage.groupRules" }}
- apiGroups: [stowage.dev]
  resources: [statefulgroups]
  verbs: [get, list, watch, patch]
- apiGroups: [stowage.dev]
  resources: [statefulgroups/status]
  verbs: [update]
# Owner references that keep their owner until the object is gone need this.
- apiGroups: [stowage.dev]
  resources: [statefulgroups/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [pods, persistentvolumeclaims, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
- apiGroups: [""]
  resources: [pods/resize]
  verbs: [patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{- define "stowage.operatorClusterRules" }}
- apiGroups: [""]
  resources: [nodes]
  verbs: [get, list, watch]
# Whether a volume can come back (recovery.volumeLoss Replace).
- apiGroups: [""]
  resources: [persistentvolumes]
  verbs: [get]
{{ include "stowage.reviewRules" . }}
{{- end }}

{{- define "stowage.hookRules" }}
# Tokens of its own account for the audience of agents.
- apiGroups: [""]
  resources: [serviceaccounts/token]
  resourceNames: [{{ include "stowage.serviceAccount" . }}]
  verbs: [create]
{{- end }}
