/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* JSON (RFC 8259), written as it comes: nothing is kept. */
#ifndef KDTLS_TOOL_JSON_H
#define KDTLS_TOOL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct json - where it goes
 * @out: stream
 * @follows: something was written before in the object or array at hand
 */
struct json {
	FILE *out;
	bool follows;
};

/* @name: in an object; NULL: in an array, or at the top. @bracket: { or [ */
void json_open(struct json *j, const char *name, char bracket);
/* @bracket: } or ] */
void json_close(struct json *j, char bracket);
/* The end of one: who must have it now flushes it. */
void json_line(struct json *j);

/* NULL is null. What's no UTF-8 becomes U+FFFD. */
void json_text(struct json *j, const char *name, const char *text);
void json_number(struct json *j, const char *name, uint64_t number);
void json_real(struct json *j, const char *name, double number);
void json_bool(struct json *j, const char *name, bool is);

#endif
