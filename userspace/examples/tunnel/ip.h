/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Where fields are in headers, bytes from a header's begin: IPv4 (RFC 791), IPv6
 * (RFC 8200), TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792, RFC 4443).
 */
#ifndef TUNNEL_IP_H
#define TUNNEL_IP_H

#define IPV4_TOS         1
#define IPV4_LENGTH      2
#define IPV4_ID          4
#define IPV4_FRAGMENT    6
#define IPV4_TTL         8
#define IPV4_PROTOCOL    9
#define IPV4_CHECK       10
#define IPV4_SOURCE      12
#define IPV4_DESTINATION 16
#define IPV4_HEADER      20 /* without options */

/* Of IPV4_FRAGMENT */
#define IPV4_DF     0x4000
#define IPV4_MF     0x2000
#define IPV4_OFFSET 0x1fff

#define IPV6_LENGTH      4 /* of what follows the header */
#define IPV6_NEXT        6
#define IPV6_HOPS        7
#define IPV6_SOURCE      8
#define IPV6_DESTINATION 24
#define IPV6_HEADER      40

#define TCP_SEQ    4
#define TCP_ACK    8
#define TCP_OFFSET 12 /* upper half: length of the header, in 4 bytes */
#define TCP_FLAGS  13
#define TCP_WINDOW 14
#define TCP_CHECK  16
#define TCP_URGENT 18
#define TCP_HEADER 20 /* without options */

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_URG 0x20
#define TCP_CWR 0x80

#define UDP_LENGTH 4
#define UDP_CHECK  6
#define UDP_HEADER 8

#define ICMP_CHECK  2
#define ICMP_MTU    4 /* ICMPv6: 4 bytes; ICMP: 2, after 2 unused ones */
#define ICMP_HEADER 8

#define PROTOCOL_HOP_BY_HOP 0
#define PROTOCOL_ICMP       1
#define PROTOCOL_TCP        6
#define PROTOCOL_UDP        17
#define PROTOCOL_ROUTING    43
#define PROTOCOL_FRAGMENT   44
#define PROTOCOL_ICMPV6     58
#define PROTOCOL_DSTOPTS    60

#endif
