/** The pairs of frequencies of the sixteen keys (ITU-T Q.23), in Hz. */
export const DIGIT_TONES: readonly (readonly [number, number])[] = [697, 770, 852, 941].flatMap((low) =>
  [1209, 1336, 1477, 1633].map((high) => [low, high] as const),
)
