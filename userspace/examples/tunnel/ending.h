/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* How the program ends, and what it says. */
#ifndef TUNNEL_ENDING_H
#define TUNNEL_ENDING_H

#include <stdbool.h>

/* Exit statuses: Documentation/networking/dtls-tunnel.rst has them too. */
enum ending {
	ENDING_SIGNAL = 0, /* it was told to end */
	ENDING_CONFIG = 1, /* command line, configuration, a file it names */
	ENDING_PERMISSION = 2, /* or no such user */
	ENDING_REFUSED = 3,    /* one end refused the other */
	ENDING_NO_DTLS = 4,    /* the kernel lacks it, and was to do it */
	ENDING_NO_ANSWER =
		5,         /* from the server, and no further try is wanted */
	ENDING_MOVED = 6,  /* other addresses than the device has */
	ENDING_SYSTEM = 7, /* everything else */
};

/* One line on stderr. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/*
 * The same for what strangers can bring about: ten lines a second, and then how
 * many there were.
 */
__attribute__((format(printf, 1, 2))) void say_of_strangers(const char *format,
							    ...);

/* One line on stderr with the program's name, and out. */
__attribute__((noreturn, format(printf, 2, 3))) void end_with(
	enum ending ending, const char *format, ...);

/* ENDING_PERMISSION if @error, an errno, is about that; else ENDING_SYSTEM. */
enum ending ending_of(int error);

/* Tells a service manager, if there is one (sd_notify(3)). */
void notify(const char *state);

#endif
