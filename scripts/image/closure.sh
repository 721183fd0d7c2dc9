#!/usr/bin/env bash
# closure.sh BUILD_DIR OUT: fills OUT with the root of the image: the programs of BUILD_DIR/cmd, stripped, every shared
# library that they load, the loader, the few files of /etc that the C library reads, and the papers: the SBOM, licences,
# and the entries of dpkg's database that scanners look for. Runs where the programs were built, on Debian.
#
# SOURCE_DATE_EPOCH   time of every file; STOWAGE_COMMIT what the SBOM says that it was built from
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
(($# == 2)) || { echo "usage: closure.sh BUILD_DIR OUT" >&2; exit 2; }
build=$1 out=$2
[[ ! -e $out ]] || { echo "error: $out is there already" >&2; exit 1; }
umask 022
mkdir -p "$out/usr/bin" "$out/usr/lib" "$out/etc" "$out/usr/share/doc/stowage"

# Of a merged /usr: where ldd and the loader's name in the programs look.
for name in lib lib64; do
  [[ -L /$name ]] || { echo "error: /$name is no link to usr/$name: this is not a system with a merged /usr" >&2; exit 1; }
  ln -s "usr/$name" "$out/$name"
done

mapfile -t programs < <(find "$build/cmd" -mindepth 2 -maxdepth 2 -type f -executable | sort)
((${#programs[@]})) || { echo "error: no program in $build/cmd: build it first" >&2; exit 1; }
for program in "${programs[@]}"; do
  strip --strip-all -o "$out/usr/bin/${program##*/}" "$program"
done
python3 scripts/hardened.py "$out"/usr/bin/*

# ldd prints "NAME => PATH (ADDRESS)", for the loader "PATH (ADDRESS)", and for what is missing "NAME => not found".
libraries="$(ldd "${programs[@]}" | awk '/not found/ { print; bad = 1 } $2 == "=>" { print $3 } $1 ~ /^\// && $2 ~ /^\(/ { print $1 } END { exit bad }')" ||
  { printf 'error: a library is missing:\n%s\n' "$libraries" >&2; exit 1; }
# Names are looked up in files and by DNS, and since glibc 2.34 both are in libc itself: no module is loaded for them.
while IFS= read -r library; do
  folder="$out$(realpath "$(dirname "$library")")"
  mkdir -p "$folder"
  cp -L "$library" "$folder/"
done < <(sort -u <<<"$libraries")

echo 'hosts: files dns' >"$out/etc/nsswitch.conf"
echo 'stowage:x:65532:65532:stowage:/:/usr/sbin/nologin' >"$out/etc/passwd"
echo 'stowage:x:65532:' >"$out/etc/group"
cp -L /etc/os-release "$out/etc/os-release"
cp LICENSE "$out/usr/share/doc/stowage/LICENSE"
python3 scripts/image/sbom.py "$build" "$out"

find "$out" -type d -exec chmod 755 {} +
find "$out" -type f -exec chmod go-w {} +
find "$out" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-0}" {} +
