/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The parts of reading a configuration: config.c has its lines and sections,
 * config_option.c the table of options and their values, config_check.c what must
 * hold between them.
 */
#ifndef TUNNEL_CONFIG_READER_H
#define TUNNEL_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

enum section {
	SECTION_TUNNEL,
	SECTION_SERVER,
	SECTION_CLIENT,
	SECTION_HOST,
	SECTIONS,
	SECTION_NONE = SECTIONS,
};

#define OPTIONS_MAX 32

/**
 * struct reader - a file that's being read
 * @c: what came of it so far
 * @path: the file
 * @error: where to say what's wrong
 * @size: bytes there
 * @err: 0, or what config_read() returns
 * @line: where the reader is, from 1 on; 0: at a default
 * @section: what the line is in
 * @section_at: line of each section's name, the last one's; 0: it isn't there
 * @option_at: line of each option of the table; 0: it isn't there
 * @address_at: lines of the server's addresses
 * @pool_at: lines of the pools
 */
struct reader {
	struct config *c;
	const char *path;
	char *error;
	size_t size;
	int err;
	unsigned int line;
	enum section section;
	unsigned int section_at[SECTIONS];
	unsigned int option_at[OPTIONS_MAX];
	unsigned int address_at[MESSAGE_ADDRESSES];
	unsigned int pool_at[MESSAGE_ADDRESSES];
};

/**
 * struct option - one that a section may have
 * @name: in the file
 * @form: what to write; behind "MIN to MAX" if there's a @max
 * @standard: the value if it isn't there; or NULL
 * @read: takes a value; false: it has said what's wrong
 * @to: where in struct config
 * @words: what it may be; or NULL
 * @min: least number
 * @max: largest number; 0: it's none
 * @section: whose it is
 * @is_required: the section must have it
 * @is_repeated: there may be several
 */
struct option {
	const char *name;
	const char *form;
	const char *standard;
	bool (*read)(struct reader *r, const struct option *o, char *value);
	size_t to;
	const char *const *words;
	unsigned int min;
	unsigned int max;
	enum section section;
	bool is_required;
	bool is_repeated;
};

extern const struct option config_options[];
extern const size_t config_option_count;
extern const char *const config_sections[SECTIONS];

/* Says what's wrong at @line, and what to write instead. Returns false. */
bool config_fail(struct reader *r, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool config_fail_errno(struct reader *r, int err);

/* What to write as value of @o. */
void config_form(const struct option *o, char *text, size_t size);

/* Where [@section] @name stands; 0: nowhere. */
unsigned int config_line_of(const struct reader *r, enum section section,
			    const char *name);

bool config_check(struct reader *r);

#endif
