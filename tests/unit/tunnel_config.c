// SPDX-License-Identifier: GPL-2.0
/*
 * The tunnel's configuration: what each option becomes, and each mistake with its
 * line and what to write instead.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_reader.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What an end needs at least, so that a mistake is the only one. */
#define FILES  "[tunnel]\ncert=c\nkey=k\nca=a\n"
#define SERVER FILES "[server]\nlisten=0.0.0.0:1\naddress=10.9.0.1/24\n"
#define CLIENT FILES "[client]\nserver=vpn.example:4433\n"

static char folder[] = "/tmp/tunnel-config-XXXXXX";
static char path[64];
static char error[1024];
static struct config c;

static int read_bytes(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	fwrite(text, 1, len, file);
	fclose(file);
	config_free(&c);
	error[0] = '\0';
	return config_read(&c, path, error, sizeof(error));
}

static int read_config(const char *text)
{
	return read_bytes(text, strlen(text));
}

static bool is_read(const char *text)
{
	int err = read_config(text);

	if (err)
		printf("# %s\n", error);
	return !err && !error[0];
}

/* FILE:@line: @what, and nothing else */
static bool is_refused(const char *text, unsigned int line, const char *what)
{
	char expected[1024];
	int err = read_config(text);

	snprintf(expected, sizeof(expected), "%s:%u: %s", path, line, what);
	if (strcmp(error, expected))
		printf("# got      %s\n# expected %s\n", error, expected);
	return err == -EINVAL && !strcmp(error, expected);
}

static bool reads(const struct address *a, const char *text)
{
	return !strcmp(address_text(a), text);
}

static bool is_pool(unsigned int i, const char *first, const char *last)
{
	bool ok = i < c.pool_count && reads(&c.pools[i].first, first) &&
		  reads(&c.pools[i].last, last);

	if (!ok)
		printf("# pool %u: %s-%s\n", i, address_text(&c.pools[i].first),
		       address_text(&c.pools[i].last));
	return ok;
}

static void server_has_what_its_file_says(void)
{
	CHECK(is_read(
		"[tunnel]\ndevice = vpn0\nuser = daemon\ncrypto = userspace\n"
		"mtu = 1400\ncert = /etc/c.pem\nkey = keys/k.pem\nca = a\n"
		"crl = r\nciphers = A:B\nkeepalive = 5\ndead-after = 6\n"
		"rekey = 10\n[server]\nlisten = [::]:4433\n"
		"address = 10.9.0.1/24\naddress = fd09::1/64\n"
		"pool = 10.9.0.10-10.9.0.20\nroute = 192.168.0.0/16\n"
		"route = fd00::/8\nclients = 7\n"
		"[host laptop]\naddress = 10.9.0.200\naddress = fd09::2\n"
		"[host office.example]\naddress = fd09::3\n"));
	CHECK(c.is_server && c.crypto == CRYPTO_USERSPACE);
	CHECK(!strcmp(c.device, "vpn0") && !strcmp(c.user, "daemon"));
	CHECK(c.mtu == 1400 && c.keepalive_s == 5 && c.dead_s == 6 &&
	      c.rekey_s == 10 && c.clients_max == 7);
	CHECK(!strcmp(c.cert, "/etc/c.pem") && !strcmp(c.ciphers, "A:B"));
	CHECK(!strncmp(c.key, folder, strlen(folder)) &&
	      !strcmp(c.key + strlen(folder), "/keys/k.pem"));
	CHECK(!strcmp(c.host, "::") && !strcmp(c.port, "4433"));
	CHECK(c.address_count == 2 && c.addresses[0].bits == 24 &&
	      reads(&c.addresses[1].address, "fd09::1"));
	CHECK(c.pool_count == 2 && is_pool(0, "10.9.0.10", "10.9.0.20"));
	CHECK(c.route_count == 2 && c.routes[1].bits == 8 &&
	      reads(&c.routes[0].address, "192.168.0.0"));
	CHECK(!strcmp(c.fixed->name, "laptop") && c.fixed->address_count == 2 &&
	      reads(&c.fixed->addresses[1], "fd09::2"));
	CHECK(!strcmp(c.fixed->next->name, "office.example") &&
	      !c.fixed->next->next);
}

static void client_has_what_its_file_says(void)
{
	CHECK(is_read("[tunnel]\npsk = k\n[client]\n"
		      "server = [2001:db8::1]:4433\nserver-name = vpn\n"
		      "routes = ignore\nroute = 10.0.0.0/8\nretry = no\n"));
	CHECK(!c.is_server && !c.accept_routes && !c.retry);
	CHECK(!strcmp(c.host, "2001:db8::1") && !strcmp(c.port, "4433"));
	CHECK(!strcmp(c.server_name, "vpn") && c.psk && !c.cert);
	CHECK(c.route_count == 1 && c.routes[0].bits == 8);
}

static void what_is_not_there_has_its_default(void)
{
	CHECK(is_read(SERVER));
	CHECK(!strcmp(c.device, "kdtls0") && !strcmp(c.user, "nobody"));
	CHECK(c.crypto == CRYPTO_AUTO && !c.mtu && !c.crl && !c.psk &&
	      !c.ciphers && !c.fixed && !c.route_count);
	CHECK(c.keepalive_s == 10 && c.dead_s == 30 && c.rekey_s == 3600 &&
	      c.clients_max == 1000);
	CHECK(is_read(CLIENT));
	CHECK(!strcmp(c.server_name, "vpn.example"));
	CHECK(c.accept_routes && c.retry && !c.route_count && !c.pool_count);
}

static void comments_blanks_and_ends_of_lines_mean_nothing(void)
{
	CHECK(is_read("# all of it\r\n\r\n  [ tunnel ]\t# first\r\n"
		      "\tpsk\t=  a#b # the key\r\n\n[client]\n"
		      "server=vpn.example:4433"));
	CHECK(!strcmp(c.psk + strlen(folder), "/a#b"));
	CHECK(!strcmp(c.port, "4433"));
}

static void clients_get_what_the_server_leaves_of_its_networks(void)
{
	static const struct {
		const char *address, *first, *last;
	} table[] = {
		{ "10.9.0.1/24", "10.9.0.2", "10.9.0.254" },
		{ "10.9.0.254/24", "10.9.0.1", "10.9.0.253" },
		{ "10.9.0.100/24", "10.9.0.1", "10.9.0.254" },
		{ "10.9.0.1/30", "10.9.0.2", "10.9.0.2" },
		{ "10.9.0.1/31", "10.9.0.0", "10.9.0.0" },
		{ "10.9.0.1/16", "10.9.0.2", "10.9.255.254" },
		{ "10.9.0.1/8", "10.0.0.1", "10.1.0.0" },
		{ "10.0.0.1/15", "10.0.0.2", "10.1.0.0" },
		{ "fd09::1/64", "fd09::2", "fd09::1:0" },
		{ "fd09::1/112", "fd09::2", "fd09::ffff" },
		{ "fd09::9/127", "fd09::8", "fd09::8" },
		{ "fd09::ffff/112", "fd09::1", "fd09::fffe" },
	};
	char text[256];

	for (size_t i = 0; i < COUNT(table); i++) {
		snprintf(text, sizeof(text),
			 FILES "[server]\nlisten=0.0.0.0:1\naddress=%s\n",
			 table[i].address);
		CHECK(is_read(text) && c.pool_count == 1);
		CHECK(is_pool(0, table[i].first, table[i].last));
	}
}

static void pool_leaves_out_what_no_client_can_have(void)
{
	CHECK(is_read(SERVER "pool = 10.9.0.0/25\n"));
	CHECK(is_pool(0, "10.9.0.2", "10.9.0.127"));
	CHECK(is_read(SERVER "pool = 10.9.0.128/25\n"));
	CHECK(is_pool(0, "10.9.0.128", "10.9.0.254"));
	CHECK(is_read(SERVER "pool = 10.9.0.1 - 10.9.0.9\n"));
	CHECK(is_pool(0, "10.9.0.2", "10.9.0.9"));
	CHECK(is_read(SERVER "address = fd09::1/64\npool = fd09::/112\n"));
	CHECK(is_pool(0, "fd09::2", "fd09::ffff"));
	CHECK(is_pool(1, "10.9.0.2", "10.9.0.254") && c.pool_count == 2);
}

/**
 * struct mistake - a file with one
 * @text: the file
 * @line: that it's in
 * @error: what's said, behind file and line
 */
struct mistake {
	const char *text;
	unsigned int line;
	const char *error;
};

static void refuse_each(const struct mistake *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		CHECK(is_refused(table[i].text, table[i].line, table[i].error));
}

#define SERVER_OPTION "write ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT"

static void lines_that_are_none_are_refused(void)
{
	static const struct mistake table[] = {
		{ "[tunnel]\nnonsense # more\n", 2,
		  "nonsense: it's no option: write NAME = VALUE, or # before a comment" },
		{ "\n[tunnel\n", 2,
		  "[tunnel: the section's name has no end: write ] behind it" },
		{ "[tunel]\n", 1,
		  "[tunel]: there's no such section: write [tunnel], [server], [client] or [host NAME]" },
		{ "[tunnel a]\n", 1,
		  "[tunnel a]: there's no such section: write [tunnel], [server], [client] or [host NAME]" },
		{ "[]\n", 1,
		  "[]: there's no such section: write [tunnel], [server], [client] or [host NAME]" },
		{ "mtu = 1400\n", 1,
		  "mtu is in no section: write [tunnel], [server] or [client] above it" },
		{ "[client]\nretries = 1\n", 2,
		  "retries: [client] has no such option: write one of server, server-name, routes, route, retry, or move it to its section" },
		{ "[client]\nmtu = 1400\n", 2,
		  "mtu: [client] has no such option: write one of server, server-name, routes, route, retry, or move it to its section" },
		{ "[tunnel]\nmtu =\n", 2,
		  "mtu has no value: write 576 to 9000 bytes, or auto" },
		{ "[tunnel]\nmtu = 1400\n\nmtu = 1400\n", 4,
		  "mtu is in line 2 already: leave out one" },
		{ "[host]\n", 1,
		  "[host] names nobody: write [host NAME], with the name in its certificate or of its key" },
		{ "[host the office]\n", 1,
		  "[host the office]: no client has such a name: write one without blanks" },
		{ "[host a]\n[host b]\n[host a]\n", 3,
		  "[host a] is in line 1 already: write all of it there" },
	};

	refuse_each(table, COUNT(table));
}

static void values_that_can_not_be_are_refused(void)
{
	static const struct mistake table[] = {
		{ "[tunnel]\ndevice = a/b\n", 2,
		  "device = a/b: write a name of up to 15 letters" },
		{ "[tunnel]\ndevice = 0123456789abcdef\n", 2,
		  "device = 0123456789abcdef: write a name of up to 15 letters" },
		{ "[tunnel]\ndevice = tun%d\n", 2,
		  "device = tun%d: write a name of up to 15 letters" },
		{ "[tunnel]\nuser = no body\n", 2,
		  "user = no body: write the name of a user" },
		{ "[tunnel]\ncrypto = fast\n", 2,
		  "crypto = fast: write auto, kernel or userspace" },
		{ "[tunnel]\nmtu = 575\n", 2,
		  "mtu = 575: write 576 to 9000 bytes, or auto" },
		{ "[tunnel]\nmtu = 9001\n", 2,
		  "mtu = 9001: write 576 to 9000 bytes, or auto" },
		{ "[tunnel]\nmtu = automatic\n", 2,
		  "mtu = automatic: write 576 to 9000 bytes, or auto" },
		{ "[tunnel]\nciphers = A B\n", 2,
		  "ciphers = A B: write OpenSSL's names, with colons between them" },
		{ "[tunnel]\nkeepalive = 0\n", 2,
		  "keepalive = 0: write 1 to 3600 seconds" },
		{ "[tunnel]\nkeepalive = 10s\n", 2,
		  "keepalive = 10s: write 1 to 3600 seconds" },
		{ "[tunnel]\nkeepalive = -1\n", 2,
		  "keepalive = -1: write 1 to 3600 seconds" },
		{ "[tunnel]\nkeepalive = 4294967306\n", 2,
		  "keepalive = 4294967306: write 1 to 3600 seconds" },
		{ "[tunnel]\ndead-after = 86401\n", 2,
		  "dead-after = 86401: write 2 to 86400 seconds" },
		{ "[tunnel]\nrekey = 9\n", 2,
		  "rekey = 9: write 10 to 86400 seconds" },
		{ "[server]\nclients = 65537\n", 2,
		  "clients = 65537: write 1 to 65536 clients" },
		{ "[client]\nroutes = yes\n", 2,
		  "routes = yes: write accept or ignore" },
		{ "[client]\nretry = 1\n", 2, "retry = 1: write yes or no" },
		{ "[client]\nserver-name = a b\n", 2,
		  "server-name = a b: write the name in the server's certificate" },
		{ "[client]\nserver = vpn.example\n", 2,
		  "server = vpn.example: " SERVER_OPTION },
		{ "[client]\nserver = :4433\n", 2,
		  "server = :4433: " SERVER_OPTION },
		{ "[client]\nserver = []:4433\n", 2,
		  "server = []:4433: " SERVER_OPTION },
		{ "[client]\nserver = vpn:0\n", 2,
		  "server = vpn:0: " SERVER_OPTION },
		{ "[client]\nserver = vpn:65536\n", 2,
		  "server = vpn:65536: " SERVER_OPTION },
		{ "[client]\nserver = 2001:db8::1:4433\n", 2,
		  "server = 2001:db8::1:4433: " SERVER_OPTION },
		{ "[client]\nserver = https://vpn:4433\n", 2,
		  "server = https://vpn:4433: " SERVER_OPTION },
		{ "[server]\nlisten = 4433\n", 2,
		  "listen = 4433: write ADDRESS:PORT or [ADDRESS]:PORT" },
	};

	refuse_each(table, COUNT(table));
}

static void addresses_that_can_not_be_are_refused(void)
{
	static const struct mistake table[] = {
		{ "[server]\naddress = 10.9.0.1\n", 2,
		  "address = 10.9.0.1: write ADDRESS/BITS" },
		{ "[server]\naddress = 10.9.0.1/33\n", 2,
		  "address = 10.9.0.1/33: write ADDRESS/BITS" },
		{ "[server]\naddress = 10.9.0.256/24\n", 2,
		  "address = 10.9.0.256/24: write ADDRESS/BITS" },
		{ "[server]\naddress = fd09::1/129\n", 2,
		  "address = fd09::1/129: write ADDRESS/BITS" },
		{ "[server]\naddress = 10.9.0.1/24\naddress = 10.8.0.1/24\n", 3,
		  "address = 10.8.0.1/24: line 2 has one of this family: leave one of each, IPv4 and IPv6" },
		{ "[server]\npool = 10.9.0.1\n", 2,
		  "pool = 10.9.0.1: write FIRST-LAST or NETWORK/BITS" },
		{ "[server]\npool = 10.9.0.9-10.9.0.2\n", 2,
		  "pool = 10.9.0.9-10.9.0.2: write FIRST-LAST or NETWORK/BITS" },
		{ "[server]\npool = 10.9.0.9-fd09::9\n", 2,
		  "pool = 10.9.0.9-fd09::9: write FIRST-LAST or NETWORK/BITS" },
		{ "[server]\npool = 10.9.0.9/24\n", 2,
		  "pool = 10.9.0.9/24: write FIRST-LAST or NETWORK/BITS" },
		{ "[server]\npool = fd09::2-fd09::9\npool = fd09::10/124\n", 3,
		  "pool = fd09::10/124: line 2 has one of this family: leave one of each, IPv4 and IPv6" },
		{ "[server]\nroute = 10.0.0.0\n", 2,
		  "route = 10.0.0.0: write NETWORK/BITS" },
		{ "[client]\nroute = 10.0.0.1/8\n", 2,
		  "route = 10.0.0.1/8: there are bits of a host behind the first 8: write 0 for them" },
		{ "[host a]\naddress = 10.9.0.2/24\n", 2,
		  "address = 10.9.0.2/24: write ADDRESS" },
		{ "[host a]\naddress = fd09::2\naddress = fd09::3\n", 3,
		  "address = fd09::3: line 2 has one of this family: leave one of each, IPv4 and IPv6" },
	};

	refuse_each(table, COUNT(table));
}

static void what_is_missing_or_too_much_is_told(void)
{
	static const struct mistake table[] = {
		{ "", 1,
		  "there's no [server] and no [client]: write one of them" },
		{ FILES "\n\n", 6,
		  "there's no [server] and no [client]: write one of them" },
		{ SERVER "[client]\n", 8,
		  "[server] and [client] are both there: leave out one, a file is for one end" },
		{ CLIENT "[host a]\n", 7,
		  "[host a] is for a server: leave it out here" },
		{ "[client]\nserver=a:1\n", 2,
		  "[tunnel] has no cert: write cert = FILE, or psk = FILE if ends have no certificates" },
		{ "[client]\n[tunnel]\ncert=c\n", 2,
		  "[tunnel] has no key: write key = FILE, or psk = FILE if ends have no certificates" },
		{ "[client]\n[tunnel]\ncert=c\nkey=k\n", 2,
		  "[tunnel] has no ca: write ca = FILE, or psk = FILE if ends have no certificates" },
		{ CLIENT "[tunnel]\npsk=k\n", 2,
		  "cert is there, and psk in line 8: leave out one, ends have certificates or a key" },
		{ "[client]\n[tunnel]\npsk=k\ncrl=r\n", 4,
		  "crl is there, and psk in line 3: leave out one, ends have certificates or a key" },
		{ FILES "[client]\n", 5,
		  "[client] has no server: write server = ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT" },
		{ FILES "[server]\naddress=10.9.0.1/24\n", 5,
		  "[server] has no listen: write listen = ADDRESS:PORT or [ADDRESS]:PORT" },
		{ FILES "[server]\nlisten=0.0.0.0:1\n", 5,
		  "[server] has no address: write address = ADDRESS/BITS" },
		{ SERVER "[host a]\n", 8,
		  "[host a] has no address: write address = ADDRESS" },
		{ CLIENT "[tunnel]\ndead-after = 10\n", 8,
		  "dead-after is 10, keepalive 10 seconds: write a longer time for dead-after" },
		{ CLIENT "[tunnel]\nkeepalive = 30\n", 8,
		  "dead-after is 30, keepalive 30 seconds: write a longer time for dead-after" },
	};

	refuse_each(table, COUNT(table));
}

static void addresses_that_do_not_go_together_are_refused(void)
{
	static const struct mistake table[] = {
		{ FILES "[server]\nlisten=0.0.0.0:1\naddress=10.9.0.0/24\n", 7,
		  "address = 10.9.0.0/24: no host can have it: write another one of the network" },
		{ FILES "[server]\nlisten=0.0.0.0:1\naddress=10.9.0.255/24\n", 7,
		  "address = 10.9.0.255/24: no host can have it: write another one of the network" },
		{ FILES "[server]\nlisten=0.0.0.0:1\naddress=224.0.0.1/24\n", 7,
		  "address = 224.0.0.1/24: no host can have it: write another one of the network" },
		{ FILES "[server]\nlisten=0.0.0.0:1\naddress=ff02::1/64\n", 7,
		  "address = ff02::1/64: no host can have it: write another one of the network" },
		{ FILES "[server]\nlisten=0.0.0.0:1\naddress=10.9.0.1/7\n", 7,
		  "address = 10.9.0.1/7: the network is too large: write 8 or more for the bits" },
		{ FILES "[server]\nlisten=0.0.0.0:1\naddress=10.9.0.1/32\n", 7,
		  "address = 10.9.0.1/32: its network has none for clients: write fewer bits" },
		{ SERVER "address = fd09::1/64\n[tunnel]\nmtu = 1279\n", 10,
		  "mtu = 1279 is too small for IPv6: write 1280 or more, or leave out address = fd09::1/64" },
		{ SERVER "pool = 10.8.0.2-10.8.0.9\n", 8,
		  "pool = 10.8.0.2-10.8.0.9: it's in no network of the server: write addresses of one that [server] address has" },
		{ SERVER "pool = 10.9.0.2-10.9.1.9\n", 8,
		  "pool = 10.9.0.2-10.9.1.9: it's in no network of the server: write addresses of one that [server] address has" },
		{ SERVER "pool = fd09::2-fd09::9\n", 8,
		  "pool = fd09::2-fd09::9: it's in no network of the server: write addresses of one that [server] address has" },
		{ SERVER "pool = 10.9.0.0-10.9.0.1\n", 8,
		  "pool = 10.9.0.0-10.9.0.1: no client can have any of it: write more addresses" },
		{ SERVER "address = fd09::1/64\npool = fd09::/64\n", 9,
		  "pool = fd09::-fd09::ffff:ffff:ffff:ffff: it's too long: write up to 65536 addresses" },
		{ SERVER "[host a]\naddress = 10.8.0.2\n", 9,
		  "address = 10.8.0.2: it's in no network of the server: write one of those that [server] address has" },
		{ SERVER "[host a]\naddress = 10.9.0.1\n", 9,
		  "address = 10.9.0.1: a client can't have it: write another one of 10.9.0.1/24" },
		{ SERVER "[host a]\naddress = 10.9.0.255\n", 9,
		  "address = 10.9.0.255: a client can't have it: write another one of 10.9.0.1/24" },
		{ SERVER
		  "[host a]\naddress = 10.9.0.2\n[host b]\naddress = 10.9.0.2\n",
		  11,
		  "address = 10.9.0.2 is that of [host a]: write another one" },
	};

	refuse_each(table, COUNT(table));
}

static void routes_are_as_many_as_a_message_has(void)
{
	char text[4096], *end = stpcpy(text, CLIENT);

	for (int i = 0; i < MESSAGE_ROUTES; i++)
		end += sprintf(end, "route = 10.0.%d.0/24\n", i);
	CHECK(is_read(text) && c.route_count == MESSAGE_ROUTES);
	strcpy(end, "route = 10.1.0.0/24\n");
	CHECK(is_refused(text, 7 + MESSAGE_ROUTES,
			 "route = 10.1.0.0/24: there are 64 already: join networks to larger ones"));
}

static void file_that_is_no_text_is_refused(void)
{
	static char large[(1 << 20) + 1];
	static const char zero[] = "[tunnel]\nmtu\0= 1400\n";
	char expected[256];

	CHECK(read_bytes(zero, sizeof(zero) - 1) == -EINVAL);
	snprintf(expected, sizeof(expected),
		 "%s:2: the line has a byte that's 0: write text", path);
	CHECK(!strcmp(error, expected));
	memset(large, '#', sizeof(large));
	CHECK(read_bytes(large, sizeof(large)) == -EINVAL);
	snprintf(expected, sizeof(expected),
		 "%s:1: the file has more than a mebibyte: name a configuration",
		 path);
	CHECK(!strcmp(error, expected));
}

static void file_that_can_not_be_read_is_named(void)
{
	char expected[256];

	config_free(&c);
	CHECK(config_read(&c, "none.conf", error, sizeof(error)) == -ENOENT);
	CHECK(!strcmp(error,
		      "none.conf: No such file or directory: name a file that can be read"));
	config_free(&c);
	CHECK(config_read(&c, folder, error, sizeof(error)) == -EISDIR);
	snprintf(expected, sizeof(expected),
		 "%s: Is a directory: name a file that can be read", folder);
	CHECK(!strcmp(error, expected));
}

static void error_is_cut_where_there_is_no_more_room(void)
{
	char *small = malloc(8);

	config_free(&c);
	CHECK(config_read(&c, "none.conf", small, 8) == -ENOENT);
	CHECK(!strcmp(small, "none.co"));
	read_config("nonsense\n");
	config_free(&c);
	CHECK(config_read(&c, path, small, 8) == -EINVAL);
	CHECK(strlen(small) == 7);
	free(small);
}

static void any_text_is_read_or_refused_in_one_line(void)
{
	static const char good[] = SERVER
		"pool = 10.9.0.2-10.9.0.9\nroute = fd00::/8\n"
		"address = fd09::1/64\n[host a]\naddress = fd09::7\n";
	static const char bits[] = "[]=#/-:.,\n\n 0123456789af\t\r";
	char text[sizeof(good)];
	int taken = 0;

	for (int i = 0; i < 3000; i++) {
		memcpy(text, good, sizeof(good));
		for (int wrong = random_below(4); wrong; wrong--)
			text[random_below(sizeof(good) - 1)] =
				bits[random_below(sizeof(bits) - 1)];
		if (!read_config(text))
			taken++;
		else
			CHECK(!strncmp(error, path, strlen(path)) &&
			      !strchr(error, '\n'));
	}
	CHECK(taken > 300 && taken < 3000);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/tunnel.conf", folder);
	RUN(server_has_what_its_file_says);
	RUN(client_has_what_its_file_says);
	RUN(what_is_not_there_has_its_default);
	RUN(comments_blanks_and_ends_of_lines_mean_nothing);
	RUN(clients_get_what_the_server_leaves_of_its_networks);
	RUN(pool_leaves_out_what_no_client_can_have);
	RUN(lines_that_are_none_are_refused);
	RUN(values_that_can_not_be_are_refused);
	RUN(addresses_that_can_not_be_are_refused);
	RUN(what_is_missing_or_too_much_is_told);
	RUN(addresses_that_do_not_go_together_are_refused);
	RUN(routes_are_as_many_as_a_message_has);
	RUN(file_that_is_no_text_is_refused);
	RUN(file_that_can_not_be_read_is_named);
	RUN(error_is_cut_where_there_is_no_more_room);
	RUN(any_text_is_read_or_refused_in_one_line);
	config_free(&c);
	unlink(path);
	rmdir(folder);
	DONE();
}
