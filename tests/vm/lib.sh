# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced by the scripts of the test bed: its folders, its table, its own apt.

vm_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
top_dir=$(readlink -f "$vm_dir/../..")
cache_dir=${KDTLS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kdtls}
# shellcheck disable=SC2034 # read by those who source this
build_dir=$top_dir/build
program=${0##*/}

shopt -s inherit_errexit

die() {
	echo "$program: $*" >&2
	exit 1
}

note() {
	echo "$program: $*" >&2
}

# words FILE: the lines of a list, without comments
words() {
	sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$1"
}

# kernel_row NAME: sets kernel_suite, kernel_packages, kernel_compiler and
# kernel_config (empty: a stock kernel) from NAME's row of the table
kernel_row() {
	local row

	row=$(words "$vm_dir/kernels" | awk -v name="$1" '$1 == name')
	[ -n "$row" ] ||
		die "no kernel $1 in the table; it has: $(kernel_names | xargs)"
	# shellcheck disable=SC2034 # read by those who source this
	read -r _ kernel_suite kernel_packages kernel_compiler kernel_config \
		<<<"$row"
	kernel_packages=${kernel_packages//,/ }
}

kernel_names() {
	words "$vm_dir/kernels" | awk '{ print $1 }'
}

stock_kernel_names() {
	words "$vm_dir/kernels" | awk 'NF == 4 { print $1 }'
}

# key TEXT...: a short name for content, for folders of the cache
key() {
	printf '%s\n' "$@" | sha256sum | cut -c1-12
}

# once FOLDER COMMAND...: unless FOLDER exists, run COMMAND with a new empty
# folder as its last argument and rename that to FOLDER. Two runs at the same
# time make it once; an interrupted one leaves nothing that looks finished.
once() {
	local folder=$1 lock

	shift
	[ -d "$folder" ] && return
	mkdir -p "$(dirname "$folder")"
	exec {lock}>"$folder.lock"
	flock "$lock"
	if [ ! -d "$folder" ]; then
		rm -rf "$folder.new"
		mkdir "$folder.new"
		"$@" "$folder.new"
		mv -T "$folder.new" "$folder"
	fi
	exec {lock}>&-
}

# mirror: where this machine's apt finds the Debian main archive
mirror() {
	# shellcheck disable=SC2016 # apt expands it
	local format='$(ORIGIN)|$(LABEL)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)'
	local targets

	targets=$(apt-get indextargets --format "$format" 'Created-By: Packages' |
		awk -F'|' '$4 == "main" && $3 !~ /-security/')
	# Origin and label are known only once the machine's lists are there.
	awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $5; exit }' \
		<<<"$targets" | grep . ||
		awk -F'|' '{ print $5; exit }' <<<"$targets" | grep . ||
		die "apt on this machine has no Debian archive"
}

# apt_suite SUITE COMMAND...: an apt command (apt-get, apt-cache) that sees
# only SUITE, and nothing of the machine's own lists and status
apt_suite() {
	local dir=$cache_dir/apt/$1 command=$2

	once "$dir" apt_suite_prepare "$1"
	shift 2
	"$command" -q -q -o Dir::Etc::SourceList="$dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$dir" -o Dir::State::status="$dir/status" \
		-o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root "$@"
}

apt_suite_prepare() {
	local suite=$1 dir=$2 keys=/usr/share/keyrings/debian-archive-keyring.gpg

	note "reading the package lists of $suite"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	echo "deb [signed-by=$keys] $(mirror) $suite main" >"$dir/sources.list"
	apt-get -q -q -o Dir::Etc::SourceList="$dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$dir" -o Dir::State::status="$dir/status" \
		-o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root update >&2
}
