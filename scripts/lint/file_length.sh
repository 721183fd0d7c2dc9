#!/usr/bin/env bash
# No file over 500 lines without a reason in long_files.txt ("path reason").
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
reasons=scripts/lint/long_files.txt
status=0
while IFS= read -r file; do
  [[ -f $file ]] || continue
  lines=$(wc -l <"$file")
  if ((lines > 500)) && ! grep -q "^$file [^ ]" "$reasons"; then
    echo "$file has $lines lines: split it, or give the reason in $reasons"
    status=1
  fi
done < <(git ls-files --cached --others --exclude-standard -- '*.h' '*.cc' '*.py' '*.sh' '*.go' '*.md' '*.yaml' 'Makefile' '*.cmake' 'CMakeLists.txt')
((status == 0)) && echo "file length: fine"
exit "$status"
