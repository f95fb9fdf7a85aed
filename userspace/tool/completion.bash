# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash
#
# Completion of kdtls, for bash-completion. Commands and options are those that
# its help tells, so that they're always those of the kdtls that's there.

_kdtls_commands() {
	"$1" help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p'
}

_kdtls_options() {
	"$1" help "$2" 2>/dev/null |
		sed -nE 's/^  (-.,|   )? *(--[a-z0-9-]+).*/\2/p'
	[ "$2" != tunnel ] || echo --config --check
	echo --help
}

# What may follow the option at hand. False: it takes no value that's known.
_kdtls_value() {
	case $1 in
	--ca | --cert | --key | --psk | --config)
		_filedir
		;;
	--net | -N)
		mapfile -t COMPREPLY < <(compgen -W \
			"$(ls /run/netns 2>/dev/null)" -- "$2")
		;;
	--cipher | --window | --servername | --timeout | --size | --flight | \
		--seconds | --count | --clients | --address | --port | --cookie | \
		--lines)
		;;
	*)
		return 1
		;;
	esac
}

_kdtls() {
	local cur prev words cword

	_init_completion || return
	if [ "$cword" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_kdtls_commands "$1") --help --version" -- "$cur")
		return
	fi
	if [ "${words[1]}" = help ]; then
		[ "$cword" -gt 2 ] || mapfile -t COMPREPLY < <(compgen -W \
			"$(_kdtls_commands "$1")" -- "$cur")
		return
	fi
	! _kdtls_value "$prev" "$cur" || return 0
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_kdtls_options "$1" "${words[1]}")" -- "$cur")
		return
	fi
	case ${words[1]} in
	connect | bench)
		_known_hosts_real -- "$cur"
		;;
	esac
}

complete -F _kdtls kdtls
