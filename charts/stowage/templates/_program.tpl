{{/* What both programs have: {root, program, args}. The pods are the default scheduler's business, so that Stowage
     never has to schedule itself. */}}
{{- define "stowage.program" -}}
{{- $root := .root -}}
{{- $v := index .root.Values .program -}}
{{- $name := include "stowage.name" . -}}
{{- range $v.extraArgs -}}
{{- if hasPrefix "--leader-elect=" . -}}
{{ fail (printf "%s.extraArgs: %s is not for a Deployment, two replicas would work during every rollout" $.program .) }}
{{- end -}}
{{- end -}}
{{- include "stowage.checkPodSpec" . -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "stowage.labels" . | nindent 4 }}
  {{- with $root.Values.commonAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ $v.replicaCount }}
  revisionHistoryLimit: {{ $v.revisionHistoryLimit }}
  selector:
    matchLabels: {{- include "stowage.selector" . | nindent 6 }}
  strategy: {{- toYaml $v.strategy | nindent 4 }}
  template:
    metadata:
      labels:
        {{- include "stowage.labels" . | nindent 8 }}
        {{- with $v.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      annotations:
        kubectl.kubernetes.io/default-container: {{ .program }}
        {{- if eq .program "scheduler" }}
        # Of what is read at the start only; the rest of the configuration is followed while running.
        stowage.dev/config-checksum: {{ pick (include "stowage.schedulerConfig" $root | fromYaml) "leaderElection" "clientConnection" | toJson | sha256sum }}
        {{- end }}
        {{- with merge (dict) $v.podAnnotations $root.Values.commonAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      schedulerName: default-scheduler
      serviceAccountName: {{ include "stowage.serviceAccount" . }}
      automountServiceAccountToken: {{ $v.serviceAccount.automount }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
      enableServiceLinks: false
      securityContext: {{- toYaml $root.Values.podSecurityContext | nindent 8 }}
      {{- with $v.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $v.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $v.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
      {{- if $v.topologySpreadConstraints }}
      {{- toYaml $v.topologySpreadConstraints | nindent 6 }}
      {{- else }}
      {{- $selector := include "stowage.selector" . }}
      {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
      - maxSkew: 1
        topologyKey: {{ . }}
        whenUnsatisfiable: ScheduleAnyway
        matchLabelKeys: [pod-template-hash]
        labelSelector:
          matchLabels: {{- $selector | nindent 12 }}
      {{- end }}
      {{- end }}
      containers:
      - name: {{ .program }}
        image: {{ include "stowage.image" $root }}
        imagePullPolicy: {{ $root.Values.image.pullPolicy }}
        command: [stowage-{{ .program }}]
        args:
        {{- range .args }}
        - {{ . | quote }}
        {{- end }}
        - --secure-port={{ $v.port }}
        - --logging-format={{ $v.logging.format }}
        - --v={{ $v.logging.verbosity }}
        - --tls-min-version={{ $v.tlsMinVersion }}
        {{- if $v.tlsSecret }}
        - --tls-cert-file=/etc/stowage/tls/tls.crt
        - --tls-private-key-file=/etc/stowage/tls/tls.key
        {{- end }}
        {{- range $v.extraArgs }}
        - {{ . | quote }}
        {{- end }}
        {{- with $v.extraEnv }}
        env: {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $v.extraEnvFrom }}
        envFrom: {{- toYaml . | nindent 8 }}
        {{- end }}
        ports:
        - {name: https, containerPort: {{ $v.port }}, protocol: TCP}
        livenessProbe:
          httpGet: {path: /livez, port: https, scheme: HTTPS}
          {{- with $v.livenessProbe }}{{ toYaml . | nindent 10 }}{{ end }}
        readinessProbe:
          httpGet: {path: /readyz, port: https, scheme: HTTPS}
          {{- with $v.readinessProbe }}{{ toYaml . | nindent 10 }}{{ end }}
        startupProbe:
          httpGet: {path: /livez, port: https, scheme: HTTPS}
          {{- with $v.startupProbe }}{{ toYaml . | nindent 10 }}{{ end }}
        resources: {{- toYaml $v.resources | nindent 10 }}
        securityContext: {{- toYaml $root.Values.containerSecurityContext | nindent 10 }}
        volumeMounts:
        {{- if eq .program "scheduler" }}
        - {name: config, mountPath: /etc/stowage/config, readOnly: true}
        {{- end }}
        {{- if $v.tlsSecret }}
        - {name: tls, mountPath: /etc/stowage/tls, readOnly: true}
        {{- end }}
        {{- with $v.extraVolumeMounts }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with $v.extraContainers }}{{ toYaml . | nindent 6 }}{{ end }}
      {{- with $v.extraPodSpec }}{{ toYaml . | nindent 6 }}{{ end }}
      volumes:
      {{- if eq .program "scheduler" }}
      - name: config
        configMap:
          name: {{ default $name $v.existingConfigMap }}
      {{- end }}
      {{- if $v.tlsSecret }}
      - name: tls
        secret:
          secretName: {{ $v.tlsSecret }}
      {{- end }}
      {{- with $v.extraVolumes }}{{ toYaml . | nindent 6 }}{{ end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "stowage.labels" . | nindent 4 }}
spec:
  # Each replica is scraped by itself.
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {{- include "stowage.selector" . | nindent 4 }}
  ports:
  - {name: https, port: {{ $v.port }}, targetPort: https, protocol: TCP}
{{- if $v.serviceAccount.create }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "stowage.serviceAccount" . }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "stowage.labels" . | nindent 4 }}
  {{- with $v.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if and $v.podDisruptionBudget.enabled (gt (int $v.replicaCount) 1) }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "stowage.labels" . | nindent 4 }}
spec:
  {{- with $v.podDisruptionBudget }}
  {{- if ne (toString .minAvailable) "" }}
  minAvailable: {{ .minAvailable }}
  {{- else }}
  maxUnavailable: {{ .maxUnavailable }}
  {{- end }}
  unhealthyPodEvictionPolicy: {{ .unhealthyPodEvictionPolicy }}
  {{- end }}
  selector:
    matchLabels: {{- include "stowage.selector" . | nindent 6 }}
{{- end }}
{{- end -}}

{{/* Nobody takes back by extraPodSpec what the chart says of pods: each of these has a value, or none on purpose. */}}
{{- define "stowage.checkPodSpec" -}}
{{- range $key, $_ := (index .root.Values .program).extraPodSpec -}}
{{- if has $key (list "schedulerName" "serviceAccountName" "automountServiceAccountToken" "imagePullSecrets" "priorityClassName"
    "terminationGracePeriodSeconds" "enableServiceLinks" "securityContext" "nodeSelector" "tolerations" "affinity"
    "topologySpreadConstraints" "containers" "volumes") -}}
{{ fail (printf "%s.extraPodSpec.%s: the chart writes this field itself" $.program $key) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* {root, program, kind, name, rules as text, namespace for a Role}: a role and its binding to the program's account. */}}
{{- define "stowage.role" -}}
{{- $place := default "" .namespace -}}
{{- $kind := ternary "Role" "ClusterRole" (ne $place "") -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ .name }}
  {{- with $place }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "stowage.labels" . | nindent 4 }}
rules:
{{ .rules | trim }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ .name }}
  {{- with $place }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "stowage.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ .name }}
subjects:
- kind: ServiceAccount
  name: {{ include "stowage.serviceAccount" . }}
  namespace: {{ .root.Release.Namespace }}
{{- end -}}

{{/* Leases: create cannot be limited to a name (the authorizer does not know it), get and update are. */}}
{{- define "stowage.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "stowage.name" . }}]
  verbs: [get, update]
{{- end -}}

{{/* Who asks for /metrics is asked of the API server. */}}
{{- define "stowage.reviewRules" -}}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end -}}
