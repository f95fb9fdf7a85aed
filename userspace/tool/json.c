// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <math.h>
#include <string.h>

#include "json.h"

/* Bytes of the UTF-8 character at @p, which ends with 0; 0: it's none. */
static unsigned int utf8_len(const unsigned char *p)
{
	unsigned int len = p[0] < 0x80 ? 1 :
			   p[0] < 0xe0 ? 2 :
			   p[0] < 0xf0 ? 3 :
					 4;
	unsigned int i;

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Written longer than need be, surrogates, beyond the last one. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static void write_string(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned int len;

	putc('"', out);
	for (; *p; p += len ? len : 1) {
		len = utf8_len(p);
		if (!len)
			fputs("\\ufffd", out);
		else if (*p < ' ' || *p == 0x7f)
			fprintf(out, "\\u%04x", *p);
		else if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else
			fwrite(p, 1, len, out);
	}
	putc('"', out);
}

/* What stands before a value. */
static void begin(struct json *j, const char *name)
{
	if (j->follows)
		putc(',', j->out);
	j->follows = true;
	if (!name)
		return;
	write_string(j->out, name);
	putc(':', j->out);
}

void json_open(struct json *j, const char *name, char bracket)
{
	begin(j, name);
	putc(bracket, j->out);
	j->follows = false;
}

void json_close(struct json *j, char bracket)
{
	putc(bracket, j->out);
	j->follows = true;
}

void json_line(struct json *j)
{
	putc('\n', j->out);
	j->follows = false;
}

void json_text(struct json *j, const char *name, const char *text)
{
	begin(j, name);
	if (text)
		write_string(j->out, text);
	else
		fputs("null", j->out);
}

void json_number(struct json *j, const char *name, uint64_t number)
{
	begin(j, name);
	fprintf(j->out, "%llu", (unsigned long long)number);
}

void json_real(struct json *j, const char *name, double number)
{
	begin(j, name);
	/* JSON has neither infinities nor NaN. */
	if (isfinite(number))
		fprintf(j->out, "%.3f", number);
	else
		fputs("null", j->out);
}

void json_bool(struct json *j, const char *name, bool is)
{
	begin(j, name);
	fputs(is ? "true" : "false", j->out);
}
