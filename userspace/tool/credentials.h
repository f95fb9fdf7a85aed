/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Who we are, and whom we take: what connect, bench and echo are told. */
#ifndef KDTLS_TOOL_CREDENTIALS_H
#define KDTLS_TOOL_CREDENTIALS_H

#include <kdtls.h>

#include "tool.h"

/**
 * struct credentials - options of both ends
 * @ca: certificates that the other end's must lead to
 * @cert: our own
 * @key: its key; NULL: in @cert, too
 * @psk: a file of identity and key
 * @cipher: OpenSSL's list; NULL: what the kernel takes
 * @allow_ccm8: suites with tags of 8 bytes as well
 * @window: of the kernel's replay protection; 0: the default
 * @insecure: a client takes any server
 */
struct credentials {
	const char *ca;
	const char *cert;
	const char *key;
	const char *psk;
	const char *cipher;
	bool allow_ccm8;
	unsigned int window;
	bool insecure;
};

#define CREDENTIAL_OPTIONS(c, ca_help)                                          \
	{ "ca", 0, "FILE", ca_help, OPTION_TEXT, &(c).ca, 0, 0 },               \
		{ "cert",      0,                                               \
		  "FILE",      "our certificate and what it leads to (PEM)",    \
		  OPTION_TEXT, &(c).cert,                                       \
		  0,           0 },                                             \
		{ "key",       0,                                               \
		  "FILE",      "its private key, if that's in another file",    \
		  OPTION_TEXT, &(c).key,                                        \
		  0,           0 },                                             \
		{ "psk",       0,                                               \
		  "FILE",      "a key that both know: a line \"IDENTITY HEX\"", \
		  OPTION_TEXT, &(c).psk,                                        \
		  0,           0 },                                             \
		{ "cipher",    0,                                               \
		  "LIST",      "cipher suites, as OpenSSL names them",          \
		  OPTION_TEXT, &(c).cipher,                                     \
		  0,           0 },                                             \
		{ "allow-ccm8",                                                 \
		  0,                                                            \
		  NULL,                                                         \
		  "suites with tags of 8 bytes, if LIST has any",               \
		  OPTION_ON,                                                    \
		  &(c).allow_ccm8,                                              \
		  0,                                                            \
		  0 },                                                          \
	{                                                                       \
		"window", 0, "BITS", "width of the kernel's replay window",     \
			OPTION_NUMBER, &(c).window, DTLS_WINDOW_MIN,            \
			DTLS_WINDOW_MAX                                         \
	}

/* A context for handshakes, or the program ends. */
SSL_CTX *credentials_context(const struct credentials *c, bool is_server);

/* How to hand over. */
struct kdtls_options credentials_attach(const struct credentials *c);

/* How to end where kdtls_attach() gave @err. */
enum ending credentials_ending(int err);

#endif
