# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced by the checks written in shell: TAP, and the files of the tree. The
# working directory becomes the top of the tree.

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." || exit

tap_count=0
tap_failed=0

# check NAME COMMAND...: one test; COMMAND's output explains a failure
check() {
	local name=$1 text status

	shift
	tap_count=$((tap_count + 1))
	# With a || behind it, COMMAND would go on after errors.
	set +e
	text=$(
		set -e
		"$@" 2>&1
	)
	status=$?
	set -e
	if [ "$status" -eq 0 ]; then
		echo "ok $tap_count - $name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $name"
	fi
	[ -z "$text" ] || echo "# ${text//$'\n'/$'\n'# }"
}

done_testing() {
	echo "1..$tap_count"
	exit "$((tap_failed > 0))"
}

# quiet COMMAND...: succeeds when COMMAND does and prints nothing
quiet() {
	local text status=0

	text=$("$@" 2>&1) || status=$?
	[ -z "$text" ] || echo "$text"
	[ "$status" -eq 0 ] && [ -z "$text" ]
}

# tree_files [PATTERN...]: what a commit of all files here would hold
# shellcheck disable=SC2120
tree_files() {
	local file

	git ls-files --cached --others --exclude-standard -- "$@" | sort -u |
		while IFS= read -r file; do
			[ ! -f "$file" ] || printf '%s\n' "$file"
		done
}

# scripts INTERPRETER: files of the tree whose first line names it
scripts() {
	local file line

	# shellcheck disable=SC2119
	tree_files | while IFS= read -r file; do
		line=$(head -c 80 "$file" | tr -d '\0' | head -n 1)
		if [[ $line =~ ^'#!'.*[/\ ]$1 ]]; then
			printf '%s\n' "$file"
		fi
	done
}
