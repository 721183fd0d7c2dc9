# shellcheck shell=bash
# Sourced by controlplane.sh: the certificates and kubeconfigs of one test control plane, with the openssl command.
# All keys are P-256. Everything lives in DIR/pki, readable by the owner only, and dies with the folder.

# The serving certificate's names: what kube-apiserver is reached by here and from inside a cluster.
readonly SERVING_NAMES='IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local'

# pki_openssl LOG ARGS...: openssl, silent unless it fails.
pki_openssl() {
  local out
  if ! out="$(openssl "$@" 2>&1)"; then
    say "$out"
    die "openssl $1 failed"
  fi
}

# pki_create DIR: the CA and the service-account signing key.
pki_create() {
  local pki="$1/pki"
  mkdir -p "$pki"
  chmod 700 "$pki"
  pki_openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=stowage-test-ca' \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature' \
    -keyout "$pki/ca.key" -out "$pki/ca.crt"
  pki_openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$pki/service-account.key"
  pki_openssl pkey -in "$pki/service-account.key" -pubout -out "$pki/service-account.pub"
}

# pki_issue DIR FILE_STEM SUBJECT EXTENSIONS: a key and a certificate of the CA, each put in place atomically.
pki_issue() {
  local pki="$1/pki" stem="$2" subject="$3" extensions="$4"
  local tmp="$pki/.$stem.$$"
  pki_openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" \
    -keyout "$tmp.key" -out "$tmp.csr"
  printf '%s\n' "$extensions" >"$tmp.ext"
  # A random serial: two certificates of one name must differ for whoever compares them.
  pki_openssl x509 -req -in "$tmp.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -days 30 \
    -set_serial "0x$(openssl rand -hex 12)" -extfile "$tmp.ext" -out "$tmp.crt"
  mv -f "$tmp.key" "$pki/$stem.key"
  mv -f "$tmp.crt" "$pki/$stem.crt"
  rm -f "$tmp.csr" "$tmp.ext"
}

# pki_serving DIR: kube-apiserver's serving certificate (a new one each time), also for the address in DIR/advertise-address.
pki_serving() {
  local advertise=''
  [[ ! -s "$1/advertise-address" ]] || advertise=",IP:$(<"$1/advertise-address")"
  pki_issue "$1" apiserver '/CN=kube-apiserver' \
    "subjectAltName=$SERVING_NAMES$advertise"$'\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature'
}

# pki_client_kubeconfig DIR FILE USER [GROUP...]: a kubeconfig with an embedded client certificate.
pki_client_kubeconfig() {
  local dir="$1" file="$2" user="$3" subject='' group stem
  shift 3
  for group in "$@"; do
    valid_name "$group" || die "not a group name: $group"
    subject+="/O=$group"
  done
  valid_name "$user" || die "not a user name: $user"
  stem="client-${user//:/_}"
  pki_issue "$dir" "$stem" "$subject/CN=$user" $'extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature'
  write_kubeconfig "$dir" "$file" "$user" "    client-certificate-data: $(base64 -w0 <"$dir/pki/$stem.crt")
    client-key-data: $(base64 -w0 <"$dir/pki/$stem.key")"
}

valid_name() { [[ "$1" =~ ^[A-Za-z0-9][A-Za-z0-9:._@-]*$ ]]; }

# write_kubeconfig DIR FILE USER CREDENTIAL_LINES
write_kubeconfig() {
  local dir="$1" file="$2" user="$3" credential="$4"
  (
    umask 077
    cat >"$file.tmp.$$" <<YAML
apiVersion: v1
kind: Config
current-context: test
clusters:
- name: test
  cluster:
    server: https://127.0.0.1:$(<"$dir/apiserver.port")
    certificate-authority-data: $(base64 -w0 <"$dir/pki/ca.crt")
contexts:
- name: test
  context: {cluster: test, user: "$user"}
users:
- name: "$user"
  user:
$credential
YAML
  )
  mv -f "$file.tmp.$$" "$file"
}
