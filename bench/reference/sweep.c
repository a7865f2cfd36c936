/*
 * The least that a media server in C can do, as the measure of ours, and the far end of both. No threads, no library.
 *
 *   sweep near <address> <first port> <far address> <first far port> <calls>
 *     One UDP port per call, each connected to its far end. Every 20 ms, in four parts of 5 ms, each port is read once
 *     and sent one RTP packet of a looped prompt; RFC 4733 digits that come in are counted. Prints its lateness and the
 *     digits on SIGTERM.
 *
 *   sweep bridge <address> <first port> <far address> <first far port> <legs>
 *     The same ports, each two neighbours of which are bridged: what one receives, the other sends.
 *
 *   sweep far <address> <first port> <settle seconds> <seconds> <calls> <near address>, near ports on standard input
 *     Sends each call a stream of RTP with a digit now and then, and measures what comes back: packets lost by their
 *     sequence numbers and the deviation of each interval from 20 ms, by the kernel's time stamps. Prints one line of
 *     JSON when the time is over.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PARTS = 4, PART_NS = 5000000, PACKET = 172, DIGIT_EVERY = 100, DIGIT_PACKETS = 8, EVENT_TYPE = 101 };

struct call {
  int fd;
  uint8_t packet[PACKET];
  uint16_t sequence;
  uint32_t timestamp;
  /* what was received */
  int heard;
  uint16_t last_sequence;
  uint32_t last_event;
  double last_at;
};

static struct call *calls;
static int count;
static long packets, holes, digits_sent, digits_heard;
/* Logarithmic places, eight to a doubling, from 10 us on. */
static long places[200];
static volatile sig_atomic_t over;

static void stop(int signal) { (void)signal; over = 1; }

static double seconds_of(struct timespec t) { return t.tv_sec + t.tv_nsec / 1e9; }

static void note(double ms) {
  int place = ms <= 0.01 ? 0 : (int)ceil(log2(ms / 0.01) * 8);
  places[place > 199 ? 199 : place]++;
}

static double percentile(double share) {
  double left = 0;
  for (int i = 0; i < 200; i++) left += places[i];
  left *= share;
  for (int i = 0; i < 200; i++)
    if ((left -= places[i]) <= 0) return 0.01 * pow(2, i / 8.0);
  return 0;
}

static struct sockaddr_in at(const char *address, int port) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, address, &in.sin_addr) != 1) { fprintf(stderr, "no address: %s\n", address); exit(2); }
  return in;
}

static void open_call(struct call *call, const char *address, int port, const char *to, int to_port) {
  struct sockaddr_in local = at(address, port), remote = at(to, to_port);
  call->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (call->fd < 0 || bind(call->fd, (void *)&local, sizeof local) || connect(call->fd, (void *)&remote, sizeof remote)) {
    perror("socket");
    exit(2);
  }
  memset(call->packet, 0xff, PACKET);
  call->packet[0] = 0x80;
  uint32_t ssrc = htonl(rand());
  memcpy(call->packet + 8, &ssrc, 4);
  call->timestamp = rand();
}

/* The next packet of the stream: sound, or in its place a telephone event of 100 ms and its end, said three times. */
static void send_next(struct call *call, long tick, int with_digits) {
  int part = with_digits ? (int)(tick % DIGIT_EVERY) - (DIGIT_EVERY - DIGIT_PACKETS) : -1;
  uint16_t sequence = htons(++call->sequence);
  uint32_t timestamp = htonl(call->timestamp + 160 * (part > 0 ? tick - part : tick));
  int length = PACKET;
  call->packet[1] = part >= 0 ? EVENT_TYPE | (part == 0 ? 0x80 : 0) : 0;
  if (part >= 0) {
    uint16_t duration = htons(160 * (part < 5 ? part + 1 : 5));
    call->packet[12] = 5;
    call->packet[13] = (part >= 5 ? 0x80 : 0) | 10;
    memcpy(call->packet + 14, &duration, 2);
    length = 16;
    if (part == 0) digits_sent++;
  } else
    memset(call->packet + 12, 0xff ^ (tick & 1), 4);
  memcpy(call->packet + 2, &sequence, 2);
  memcpy(call->packet + 4, &timestamp, 4);
  send(call->fd, call->packet, length, 0);
}

static void hear(struct call *call, const uint8_t *packet, int length) {
  if (length < 12 || packet[0] >> 6 != 2) return;
  uint16_t sequence = packet[2] << 8 | packet[3];
  if (call->heard) {
    uint16_t step = sequence - call->last_sequence;
    if (step > 0 && step < 1000) holes += step - 1;
  }
  call->heard = 1;
  call->last_sequence = sequence;
  packets++;
  uint32_t timestamp;
  memcpy(&timestamp, packet + 4, 4);
  if ((packet[1] & 0x7f) == EVENT_TYPE && timestamp != call->last_event) {
    call->last_event = timestamp;
    digits_heard++;
  }
}

static int receive_stamped(struct call *call, uint8_t *into, double *when) {
  char control[64];
  struct iovec data = {into, 1500};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int length = recvmsg(call->fd, &message, 0);
  struct cmsghdr *stamp = length >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (stamp) {
    struct timespec t;
    memcpy(&t, CMSG_DATA(stamp), sizeof t);
    *when = seconds_of(t);
  }
  return length;
}

/* Sleeps to the beginning of part `n`; says how late it is, in ms. */
static double sleep_to(struct timespec origin, long n) {
  long long ns = origin.tv_nsec + (long long)n * PART_NS;
  struct timespec due = {origin.tv_sec + ns / 1000000000, ns % 1000000000}, now;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR && !over) {}
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (seconds_of(now) - seconds_of(due)) * 1000;
}

static void near_end(int is_bridge) {
  struct timespec origin;
  clock_gettime(CLOCK_MONOTONIC, &origin);
  for (long n = 0; !over; n++) {
    note(sleep_to(origin, n));
    for (int i = n % PARTS; i < count; i += PARTS) {
      uint8_t packet[1500];
      int length = recv(calls[i].fd, packet, sizeof packet, 0);
      if (length >= 0) hear(&calls[i], packet, length);
      if (!is_bridge) send_next(&calls[i], n / PARTS, 0);
      else if (length >= 0) send(calls[i ^ 1].fd, packet, length, 0);
    }
  }
}

static void far_end(double settle, double duration) {
  struct timespec origin;
  clock_gettime(CLOCK_MONOTONIC, &origin);
  long first = settle * 200, last = (settle + duration) * 200;
  for (long n = 0; n < last && !over; n++) {
    sleep_to(origin, n);
    if (n == first) {
      packets = holes = 0;
      memset(places, 0, sizeof places);
    }
    for (int i = n % PARTS; i < count; i += PARTS) {
      uint8_t packet[1500];
      double when = 0;
      for (int length; (length = receive_stamped(&calls[i], packet, &when)) >= 0;) {
        hear(&calls[i], packet, length);
        if (calls[i].last_at > 0) note(fabs((when - calls[i].last_at) * 1000 - 20));
        calls[i].last_at = when;
      }
      send_next(&calls[i], n / PARTS, 1);
    }
  }
}

int main(int argc, char **argv) {
  int is_far = argc == 8 && !strcmp(argv[1], "far"), is_bridge = argc == 7 && !strcmp(argv[1], "bridge");
  if (!is_far && !is_bridge && (argc != 7 || strcmp(argv[1], "near"))) { fprintf(stderr, "see the head of sweep.c\n"); return 2; }
  struct rlimit files = {65536, 65536};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGTERM, stop);
  count = atoi(argv[6]) & ~is_bridge;
  calls = calloc(count, sizeof *calls);
  int on = 1, far_port;
  for (int i = 0; i < count; i++) {
    if (is_far) {
      if (scanf("%d", &far_port) != 1) return 2;
      open_call(&calls[i], argv[2], atoi(argv[3]) + 2 * i, argv[7], far_port);
      setsockopt(calls[i].fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    } else open_call(&calls[i], argv[2], atoi(argv[3]) + 2 * i, argv[4], atoi(argv[5]) + 2 * i);
  }
  puts("ready");
  fflush(stdout);
  if (is_far) far_end(atof(argv[4]), atof(argv[5]));
  else near_end(is_bridge);
  printf("{\"packets\":%ld,\"lost\":%ld,\"digitsSent\":%ld,\"digitsHeard\":%ld,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f}\n",
         packets, holes, digits_sent, digits_heard, percentile(0.5), percentile(0.99), percentile(0.999));
  return 0;
}
