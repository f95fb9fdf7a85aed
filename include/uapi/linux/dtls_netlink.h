/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/*
 * Generic netlink of the DTLS module: the attached sockets of a network
 * namespace. Never a key. Documentation/networking/dtls-observe.rst tells the
 * rest.
 */
#ifndef _UAPI_LINUX_DTLS_NETLINK_H
#define _UAPI_LINUX_DTLS_NETLINK_H

#define DTLS_GENL_NAME		"dtls"
#define DTLS_GENL_VERSION	1

/**
 * enum dtls_cmd - what can be asked; all are dumps
 * @DTLS_CMD_SOCKET_GET: the attached sockets of the namespace that the request
 *	comes from, a message each: those of the user who opened the netlink
 *	socket; all of them with CAP_NET_ADMIN over the namespace. With
 *	DTLS_A_SOCKET_COOKIE in the request: that socket alone.
 */
enum dtls_cmd {
	DTLS_CMD_UNSPEC,
	DTLS_CMD_SOCKET_GET,

	__DTLS_CMD_MAX,
	DTLS_CMD_MAX = __DTLS_CMD_MAX - 1
};

/**
 * enum dtls_a_socket - attributes of DTLS_CMD_SOCKET_GET
 * @DTLS_A_SOCKET_PAD: for alignment
 * @DTLS_A_SOCKET_COOKIE: u64: as SO_COOKIE and ss -e have it
 * @DTLS_A_SOCKET_INODE: u32: as in /proc/PID/fd
 * @DTLS_A_SOCKET_UID: u32: its owner
 * @DTLS_A_SOCKET_FAMILY: u16: AF_INET or AF_INET6
 * @DTLS_A_SOCKET_LOCAL_ADDR: 4 or 16 bytes
 * @DTLS_A_SOCKET_LOCAL_PORT: be16
 * @DTLS_A_SOCKET_PEER_ADDR: 4 or 16 bytes
 * @DTLS_A_SOCKET_PEER_PORT: be16
 * @DTLS_A_SOCKET_DEVICE: u32: index of the device that it's bound to; absent:
 *	to none
 * @DTLS_A_SOCKET_INFO: struct dtls_info
 * @DTLS_A_SOCKET_STATS: struct dtls_stats
 * @DTLS_A_SOCKET_TX: struct dtls_state up to its bitmap, of the sending key;
 *	absent without one
 * @DTLS_A_SOCKET_RX: likewise, one a receiving epoch, the newest first
 *
 * Structures may grow at their end.
 */
enum dtls_a_socket {
	DTLS_A_SOCKET_UNSPEC,
	DTLS_A_SOCKET_PAD,
	DTLS_A_SOCKET_COOKIE,
	DTLS_A_SOCKET_INODE,
	DTLS_A_SOCKET_UID,
	DTLS_A_SOCKET_FAMILY,
	DTLS_A_SOCKET_LOCAL_ADDR,
	DTLS_A_SOCKET_LOCAL_PORT,
	DTLS_A_SOCKET_PEER_ADDR,
	DTLS_A_SOCKET_PEER_PORT,
	DTLS_A_SOCKET_DEVICE,
	DTLS_A_SOCKET_INFO,
	DTLS_A_SOCKET_STATS,
	DTLS_A_SOCKET_TX,
	DTLS_A_SOCKET_RX,

	__DTLS_A_SOCKET_MAX,
	DTLS_A_SOCKET_MAX = __DTLS_A_SOCKET_MAX - 1
};

#endif /* _UAPI_LINUX_DTLS_NETLINK_H */
