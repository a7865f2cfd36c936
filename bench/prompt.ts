/** Makes the sound that the bench plays: seconds of a changing two-tone melody as raw G.711 µ-law at 8 kHz. */
export function ulawPrompt(seconds: number): Uint8Array {
  return Uint8Array.from({ length: seconds * 8000 }, (_, n) => {
    const t = n / 8000
    const step = Math.floor(t * 4)
    const pitch = 220 * 2 ** ([0, 4, 7, 12, 7, 4][step % 6]! / 12)
    return ulaw(6000 * Math.sin(2 * Math.PI * pitch * t) + 2000 * Math.sin(4 * Math.PI * pitch * t))
  })
}

/** ITU-T G.711, from the definition: sign, segment of the biased magnitude, the four bits below its leading one. */
function ulaw(sample: number): number {
  const magnitude = Math.min(Math.round(Math.abs(sample)), 32_635) + 132
  const segment = Math.floor(Math.log2(magnitude)) - 7
  const mantissa = (magnitude >> (segment + 3)) & 15
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | mantissa) & 0xff
}
