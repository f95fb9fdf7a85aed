/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The configuration file: sections in brackets, "name = value" lines, comments
 * from '#' on at a line's begin or after a blank. dtls-tunnel-config.rst has them all.
 */
#ifndef TUNNEL_CONFIG_H
#define TUNNEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "message.h"
#include "packet.h"

enum crypto {
	CRYPTO_AUTO, /* in the kernel, if it can */
	CRYPTO_KERNEL,
	CRYPTO_USERSPACE,
};

/**
 * struct fixed - a [host NAME] section
 * @next: the next one
 * @name: of the certificate, or identity of the key
 * @addresses: what it has always
 * @address_count: how many, one of each family at most
 * @line: of the file, where it begins
 * @lines: likewise, of each address
 */
struct fixed {
	struct fixed *next;
	char *name;
	struct address addresses[MESSAGE_ADDRESSES];
	unsigned int address_count;
	unsigned int line;
	unsigned int lines[MESSAGE_ADDRESSES];
};

/**
 * struct range - addresses of a pool
 * @first: lowest
 * @last: highest
 */
struct range {
	struct address first;
	struct address last;
};

/**
 * struct config - a file, with defaults filled in, and consistent
 * @is_server: it has a [server] section; else a [client] section
 * @device: [tunnel] device: name of the tun device (kdtls0)
 * @user: [tunnel] user: who to be after the start (nobody)
 * @crypto: [tunnel] crypto: auto, kernel, userspace (auto)
 * @mtu: [tunnel] mtu: longest packet inside, 576 to 9000 bytes; 0: auto (server: 1400, client: found)
 * @cert: [tunnel] cert: file, PEM chain
 * @key: [tunnel] key: file, PEM
 * @ca: [tunnel] ca: file, PEM: who signs the other end's certificate
 * @crl: [tunnel] crl: file, PEM; or NULL
 * @psk: [tunnel] psk: file; instead of the four above
 * @ciphers: [tunnel] ciphers: OpenSSL's names, or NULL
 * @keepalive_s: [tunnel] keepalive: seconds of silence after which the other end is asked (10), 1 to 3600
 * @dead_s: [tunnel] dead-after: seconds of silence after which it's gone (30), more than keepalive, to 86400
 * @rekey_s: [tunnel] rekey: seconds that keys are used for (3600), 10 to 86400
 * @host: [server] listen, [client] server: address or name, without brackets
 * @port: likewise: port, as text
 * @addresses: [server] address: its own inside, with the network; repeated for the other family; at least one
 * @address_count: how many
 * @pools: [server] pool = FIRST-LAST or a network a.b.c.d/n: for clients; repeated; default: the rest of each
 *	network of @addresses (without network and broadcast address and the server's own), at most POOL_MAX
 *	from its begin
 * @pool_count: how many, one of each family at most; each within a network of @addresses
 * @routes: [server] route: networks that clients reach through the tunnel; [client] route: further networks
 * @route_count: how many
 * @clients_max: [server] clients: how many at most (1000), 1 to 65536
 * @accept_routes: [client] routes: accept, ignore (accept): the server's
 * @retry: [client] retry: yes, no (yes): go on if the server doesn't answer at the start
 * @server_name: [client] server-name: in its certificate (default: host; not used with psk)
 * @fixed: [host NAME] sections of a server
 */
struct config {
	bool is_server;
	char *device;
	char *user;
	enum crypto crypto;
	unsigned int mtu;
	char *cert;
	char *key;
	char *ca;
	char *crl;
	char *psk;
	char *ciphers;
	unsigned int keepalive_s;
	unsigned int dead_s;
	unsigned int rekey_s;
	char *host;
	char *port;
	struct prefix addresses[MESSAGE_ADDRESSES];
	unsigned int address_count;
	struct range pools[MESSAGE_ADDRESSES];
	unsigned int pool_count;
	struct prefix routes[MESSAGE_ROUTES];
	unsigned int route_count;
	unsigned int clients_max;
	bool accept_routes;
	bool retry;
	char *server_name;
	struct fixed *fixed;
};

/**
 * config_read() - read a file
 * @c: filled in; to be freed with config_free() also after an error
 * @path: the file
 * @error: one line: FILE:LINE: what's wrong: what to write instead
 * @size: bytes there
 *
 * Files named in it are relative to its own folder; whether they exist isn't looked
 * at here. Return: 0; -EINVAL; -errno of reading the file.
 */
int config_read(struct config *c, const char *path, char *error, size_t size);
void config_free(struct config *c);

#endif
