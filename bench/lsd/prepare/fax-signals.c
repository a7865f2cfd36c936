/* Writes the signals by which fax machines answer and call as 8 kHz 16-bit WAV files, made by SpanDSP: an implementation of
   T.30, V.8 and V.21 that is not ours.  fax-signals FOLDER */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <spandsp.h>

#define RATE 8000
#define MOST (RATE * 8)

static int16_t sound[MOST];

static void put32(FILE *file, uint32_t value) { fwrite(&value, 4, 1, file); }
static void put16(FILE *file, uint16_t value) { fwrite(&value, 2, 1, file); }

static int write_wav(const char *folder, const char *name, int samples)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.wav", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    fwrite("RIFF", 1, 4, file), put32(file, 36 + 2 * samples), fwrite("WAVEfmt ", 1, 8, file), put32(file, 16);
    put16(file, 1), put16(file, 1), put32(file, RATE), put32(file, 2 * RATE), put16(file, 2), put16(file, 16);
    fwrite("data", 1, 4, file), put32(file, 2 * samples), fwrite(sound, 2, samples, file);
    return fclose(file);
}

/* A modem connect tone until it ends by itself, or for most samples of it. */
static int connect_tone(int16_t *into, int tone, int most)
{
    modem_connect_tones_tx_state_t *state = modem_connect_tones_tx_init(NULL, tone);
    memset(into, 0, sizeof(int16_t) * most);
    int samples = modem_connect_tones_tx(state, into, most);
    modem_connect_tones_tx_free(state);
    return samples;
}

static int get_flag_bit(void *at)
{
    int *bit = at;
    return (0x7e >> (*bit)++ % 8) & 1;
}

/* Flags of HDLC at 300 bit/s on channel 2 of V.21: the preamble of whatever a fax machine says. */
static int v21_preamble(int16_t *into, int samples)
{
    int bit = 0;
    fsk_tx_state_t *state = fsk_tx_init(NULL, &preset_fsk_specs[FSK_V21CH2], get_flag_bit, &bit);
    samples = fsk_tx(state, into, samples);
    fsk_tx_free(state);
    return samples;
}

int main(int count, char *arguments[])
{
    if (count != 2) {
        fprintf(stderr, "usage: fax-signals FOLDER\n");
        return 2;
    }
    const char *folder = arguments[1];
    static const struct { const char *name; int tone; } TONES[] = {
        {"ced", MODEM_CONNECT_TONES_FAX_CED},
        {"ans-pr", MODEM_CONNECT_TONES_ANS_PR},
        {"ansam", MODEM_CONNECT_TONES_ANSAM},
        {"ansam-pr", MODEM_CONNECT_TONES_ANSAM_PR},
    };
    int failed = 0;
    for (unsigned i = 0; i < sizeof TONES / sizeof TONES[0]; i++) {
        int samples = connect_tone(sound, TONES[i].tone, RATE * 4);
        /* The pause of T.30 after the answer tone, and the beginning of DIS. */
        memset(sound + samples, 0, sizeof(int16_t) * (MOST - samples));
        samples += RATE * 75 / 1000;
        samples += v21_preamble(sound + samples, RATE);
        failed |= write_wav(folder, TONES[i].name, samples);
    }
    failed |= write_wav(folder, "cng", connect_tone(sound, MODEM_CONNECT_TONES_FAX_CNG, RATE * 8));
    failed |= write_wav(folder, "v21", v21_preamble(sound, RATE * 3 / 2));
    return failed;
}
