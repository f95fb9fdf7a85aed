/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What this machine's kernel has, by /proc, /sys and a socket made to ask. */
#ifndef KDTLS_TOOL_KERNEL_H
#define KDTLS_TOOL_KERNEL_H

#include <stdbool.h>

/**
 * struct module_state - a kernel module
 * @loaded: is it there, loaded or built in?
 * @available: is it installed for this kernel?
 * @version: its own, if it says one
 */
struct module_state {
	bool loaded;
	bool available;
	char version[32];
};

void kernel_module(const char *name, struct module_state *state);

/* Who takes the attach of a UDP socket. */
enum attach_hook {
	HOOK_NONE,
	HOOK_MODULE,
	HOOK_KERNEL
};

enum attach_hook kernel_hook(void);

/* Must modules be signed (Secure Boot)? */
bool kernel_wants_signatures(void);

/* How to get the module, in a few words; a constant string. */
const char *kernel_module_advice(const struct module_state *state);

/* The program ends without the DTLS module, saying how to get it. */
void kernel_want_module(void);

/* The network namespace of that name (ip netns); NULL: stay here. */
void kernel_enter(const char *netns);

#define NETNS_OPTION(name)                                                \
	{                                                                 \
		"net", 'N', "NAME", "the network namespace of that name", \
			OPTION_TEXT, &(name), 0, 0                        \
	}

#endif
