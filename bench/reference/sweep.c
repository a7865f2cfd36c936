/*
 * The least that a media server in C can do, as the measure of ours, and the far end of both. No threads, no library.
 *
 *   sweep near <address> <first port> <far address> <first far port> <calls>
 *     One UDP port per call, each connected to its far end. Every 20 ms, in four parts of 5 ms, each port is read once
 *     and sent one RTP packet of a looped prompt; digits that come in are counted, as RFC 4733 events and as tones in
 *     every packet of sound. Prints its lateness and the digits on SIGTERM.
 *
 *   sweep events ...
 *     The same without listening for tones.
 *
 *   sweep room:<size> ...
 *     The same ports in rooms of that size, each within one part: all are read and decoded, those who speak are added up,
 *     and each is sent the others; who only listens is sent what was encoded once for all of them.
 *
 *   sweep bridge <address> <first port> <far address> <first far port> <legs>
 *     The same ports, each two neighbours of which are bridged: what one receives, the other sends.
 *
 *   sweep far <address> <first port> <settle seconds> <seconds> <calls> <near address> <sound>, near ports on standard input
 *     Sends each call a stream of RTP, and measures what comes back: packets lost by their sequence numbers and the
 *     deviation of each interval from 20 ms, by the kernel's time stamps. The sound is `events`: silence with a telephone
 *     event now and then; `tones`: something like speech with events and digits as tones; or `room:<size>:<speakers>`:
 *     the same speech from the first in each room, silence from the others. Prints one line of JSON when the time is over.
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
/* A digit as a tone, in packets; when in the 2 seconds that a digit of each kind takes; and what is sent otherwise. */
enum { TONE_PACKETS = 5, TONE_AT = 40, FRAME = 160, HOP = 80, SPEECH_FRAMES = 200, KEYS = 16, WAIT_WINDOWS = 4 };
/* The least energy of 20 ms that somebody who speaks has, at -50 dBm0, and for how many frames he is listened to afterwards. */
enum { SPEAKING = 417000, HANGOVER = 25 };

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
  /* listening for tones: the last 10 ms, the key that is seen, for how many windows, and since when it is pressed */
  int16_t past[HOP];
  int seen_key, seen, pressed, absent;
  /* in a room: frames for which it is still listened to, whether it spoke in this round, and what it said */
  int open, spoke;
  int16_t said[FRAME];
};

static struct call *calls;
static int count;
static long packets, holes, digits_sent, digits_heard;
/* Logarithmic places, eight to a doubling, from 10 us on. */
static long places[200];
static volatile sig_atomic_t over;
static int16_t decoded[256];
static uint8_t encoded[65536];
/* For each frequency of the keypad a cosine and a sine under a Hann window, low group first, and the window itself. */
static _Alignas(32) int16_t rows[16][FRAME], hann[FRAME];
static const uint8_t event_of_key[KEYS] = {1, 2, 3, 12, 4, 5, 6, 13, 7, 8, 9, 14, 10, 0, 11, 15};
static uint8_t speech[SPEECH_FRAMES * FRAME], keys[KEYS][TONE_PACKETS * FRAME];

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

static int ulaw_of(int sample) {
  int sign = sample < 0 ? 0x80 : 0, magnitude = (sample < 0 ? -sample : sample) + 132, segment = 7;
  if (magnitude > 32767) magnitude = 32767;
  while (segment > 0 && !(magnitude >> (segment + 7))) segment--;
  return ~(sign | segment << 4 | ((magnitude >> (segment + 3)) & 15)) & 0xff;
}

static void make_tables(void) {
  static const double hz[8] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
  for (int i = 0; i < 256; i++) {
    int octet = ~i & 0xff, magnitude = (((octet & 15) << 3) + 132) << ((octet >> 4) & 7);
    decoded[i] = octet & 0x80 ? 132 - magnitude : magnitude - 132;
  }
  for (int i = 0; i < 65536; i++) encoded[i] = ulaw_of((int16_t)i);
  for (int i = 0; i < FRAME; i++) {
    double window = 0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / FRAME);
    hann[i] = fmin(32767, round(32768 * window));
    for (int tone = 0; tone < 8; tone++) {
      rows[2 * tone][i] = round(800 * window * cos(2 * M_PI * hz[tone] * i / 8000));
      rows[2 * tone + 1][i] = round(-800 * window * sin(2 * M_PI * hz[tone] * i / 8000));
    }
  }
  double smooth = 0;
  for (int i = 0; i < SPEECH_FRAMES * FRAME; i++) {
    smooth = 0.7 * smooth + rand() % 8000 - 4000;
    speech[i] = ulaw_of(smooth * pow(fabs(sin(M_PI * i / 1600)), 2));
  }
  for (int key = 0; key < KEYS; key++)
    for (int i = 0; i < TONE_PACKETS * FRAME; i++)
      keys[key][i] = ulaw_of(5000 * sin(2 * M_PI * hz[key / 4] * i / 8000) + 6000 * sin(2 * M_PI * hz[4 + key % 4] * i / 8000));
}

static int dot(const int16_t *restrict samples, const int16_t *restrict row) {
  int sum = 0;
  for (int i = 0; i < FRAME; i++) sum += samples[i] * row[i];
  return sum;
}

static float energy(const int16_t *restrict samples) {
  float sum = 0;
  for (int from = 0; from < FRAME; from += 32) {
    uint32_t part = 0;
    for (int i = from; i < from + 32; i++) part += (uint32_t)(samples[i] * samples[i]) >> 5;
    sum += part;
  }
  return sum * 32;
}

static float windowed_energy(const int16_t *restrict samples) {
  int16_t shaped[FRAME];
  for (int i = 0; i < FRAME; i++) shaped[i] = (samples[i] * hann[i] + 0x4000) >> 15;
  return energy(shaped);
}

/* The loudest tone of a group in 20 ms, and the square of its peak. */
static int loudest(const int16_t *samples, int first, float *square) {
  int best = first;
  *square = 0;
  for (int tone = first; tone < first + 4; tone++) {
    float re = dot(samples, rows[2 * tone]), im = dot(samples, rows[2 * tone + 1]), power = re * re + im * im;
    if (power > *square) *square = power, best = tone;
  }
  *square /= 800.0f * FRAME / 4 * (800.0f * FRAME / 4);
  return best;
}

/* The key that 20 ms show, or -1: two tones of about one level that make up nearly all of the sound. */
static int key_in(const int16_t *samples) {
  float all = windowed_energy(samples) / (3.0f / 16 * FRAME), low, high;
  if (all < 2000000) return -1;
  int row = loudest(samples, 0, &low);
  if (low < 0.12f * all) return -1;
  int column = loudest(samples, 4, &high) - 4;
  if (low + high < 0.88f * all || high > 3.5f * low || low > 9 * high) return -1;
  return 4 * row + column;
}

/* Three windows in a row make a press, four without it end it. */
static void look(struct call *call, const int16_t *samples) {
  int key = key_in(samples) + 1;
  if (call->pressed && key != call->pressed) {
    if (++call->absent >= WAIT_WINDOWS) call->pressed = 0;
  } else
    call->absent = 0;
  call->seen = key && key == call->seen_key ? call->seen + 1 : 1;
  call->seen_key = key;
  if (key && call->seen >= 3 && call->pressed != key) {
    call->pressed = key;
    digits_heard++;
  }
}

static void decode(const uint8_t *restrict payload, int16_t *restrict into) {
  for (int i = 0; i < FRAME; i++) into[i] = decoded[payload[i]];
}

static void listen_for_tones(struct call *call, const uint8_t *packet, int length) {
  if (length < PACKET || (packet[1] & 0x7f) != 0) return;
  _Alignas(32) int16_t samples[HOP + FRAME];
  memcpy(samples, call->past, sizeof call->past);
  decode(packet + 12, samples + HOP);
  memcpy(call->past, samples + FRAME, sizeof call->past);
  look(call, samples);
  look(call, samples + HOP);
}

static void put_header(struct call *call, long tick) {
  uint16_t sequence = htons(++call->sequence);
  uint32_t timestamp = htonl(call->timestamp + 160 * tick);
  memcpy(call->packet + 2, &sequence, 2);
  memcpy(call->packet + 4, &timestamp, 4);
}

/* What a call is sent but for events. */
static void fill(struct call *call, long tick, int speaks, int with_tones) {
  int index = call - calls, at = tick % DIGIT_EVERY - TONE_AT;
  if (with_tones && at >= 0 && at < TONE_PACKETS) {
    memcpy(call->packet + 12, keys[(index + tick / DIGIT_EVERY) % KEYS] + at * FRAME, FRAME);
    if (at == 0) digits_sent++;
  } else if (speaks) {
    memcpy(call->packet + 12, speech + (tick + 7 * index) % SPEECH_FRAMES * FRAME, FRAME);
  } else
    memset(call->packet + 12, 0xff ^ (tick & 1), 4);
}

/* The next packet of the stream: sound, or in its place a telephone event of 100 ms and its end, said three times. */
static void send_next(struct call *call, long tick, int with_digits) {
  int part = with_digits ? (int)(tick % DIGIT_EVERY) - (DIGIT_EVERY - DIGIT_PACKETS) : -1;
  int length = PACKET;
  call->packet[1] = part >= 0 ? EVENT_TYPE | (part == 0 ? 0x80 : 0) : 0;
  if (part >= 0) {
    uint16_t duration = htons(160 * (part < 5 ? part + 1 : 5));
    /* Another key than the tone before it: the same in two ways within a second is one press. */
    call->packet[12] = event_of_key[(call - calls + tick / DIGIT_EVERY + KEYS / 2) % KEYS];
    call->packet[13] = (part >= 5 ? 0x80 : 0) | 10;
    memcpy(call->packet + 14, &duration, 2);
    length = 16;
    if (part == 0) digits_sent++;
  }
  put_header(call, part > 0 ? tick - part : tick);
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

static int16_t saturated(int sample) { return sample > 32767 ? 32767 : sample < -32768 ? -32768 : sample; }

static void encode_sum(const int32_t *restrict sum, const int16_t *restrict without, uint8_t *restrict into) {
  int16_t limited[FRAME];
  if (without)
    for (int i = 0; i < FRAME; i++) limited[i] = saturated(sum[i] - without[i]);
  else
    for (int i = 0; i < FRAME; i++) limited[i] = saturated(sum[i]);
  for (int i = 0; i < FRAME; i++) into[i] = encoded[(uint16_t)limited[i]];
}

static void room_round(struct call *first, int size, long tick) {
  int32_t sum[FRAME] = {0};
  uint8_t packet[1500], common[FRAME];
  for (struct call *call = first; call < first + size; call++) {
    int length = recv(call->fd, packet, sizeof packet, 0);
    call->spoke = 0;
    if (length < 0) continue;
    hear(call, packet, length);
    if (length < PACKET || (packet[1] & 0x7f) != 0) continue;
    decode(packet + 12, call->said);
    if (energy(call->said) > SPEAKING) call->open = HANGOVER;
    else if (call->open == 0 || --call->open == 0) continue;
    call->spoke = 1;
    for (int i = 0; i < FRAME; i++) sum[i] += call->said[i];
  }
  encode_sum(sum, NULL, common);
  for (struct call *call = first; call < first + size; call++) {
    if (call->spoke) encode_sum(sum, call->said, call->packet + 12);
    else memcpy(call->packet + 12, common, FRAME);
    put_header(call, tick);
    send(call->fd, call->packet, PACKET, 0);
  }
}

static void near_rooms(int size) {
  struct timespec origin;
  clock_gettime(CLOCK_MONOTONIC, &origin);
  for (long n = 0; !over; n++) {
    note(sleep_to(origin, n));
    for (int room = n % PARTS; (room + 1) * size <= count; room += PARTS) room_round(calls + room * size, size, n / PARTS);
  }
}

static void near_end(int is_bridge, int hears_tones) {
  struct timespec origin;
  clock_gettime(CLOCK_MONOTONIC, &origin);
  for (long n = 0; !over; n++) {
    note(sleep_to(origin, n));
    for (int i = n % PARTS; i < count; i += PARTS) {
      uint8_t packet[1500];
      int length = recv(calls[i].fd, packet, sizeof packet, 0);
      if (length >= 0) hear(&calls[i], packet, length);
      if (length >= 0 && hears_tones) listen_for_tones(&calls[i], packet, length);
      if (!is_bridge) {
        fill(&calls[i], n / PARTS, 1, 0);
        send_next(&calls[i], n / PARTS, 0);
      } else if (length >= 0) send(calls[i ^ 1].fd, packet, length, 0);
    }
  }
}

static void far_end(double settle, double duration, const char *sound) {
  int size = 1, speakers = 0, is_room = sscanf(sound, "room:%d:%d", &size, &speakers) == 2, with_tones = !strcmp(sound, "tones");
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
      fill(&calls[i], n / PARTS, with_tones || i % size < speakers, with_tones);
      send_next(&calls[i], n / PARTS, !is_room);
    }
  }
}

int main(int argc, char **argv) {
  int is_far = argc == 9 && !strcmp(argv[1], "far"), is_bridge = argc == 7 && !strcmp(argv[1], "bridge"), size = 0;
  int is_near = argc == 7 && !strcmp(argv[1], "near"), is_plain = argc == 7 && !strcmp(argv[1], "events");
  int is_room = argc == 7 && sscanf(argv[1], "room:%d", &size) == 1 && size > 0;
  if (!is_far && !is_bridge && !is_near && !is_plain && !is_room) { fprintf(stderr, "see the head of sweep.c\n"); return 2; }
  make_tables();
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
  if (is_far) far_end(atof(argv[4]), atof(argv[5]), argv[8]);
  else if (is_room) near_rooms(size);
  else near_end(is_bridge, is_near);
  printf("{\"packets\":%ld,\"lost\":%ld,\"digitsSent\":%ld,\"digitsHeard\":%ld,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f}\n",
         packets, holes, digits_sent, digits_heard, percentile(0.5), percentile(0.99), percentile(0.999));
  return 0;
}
