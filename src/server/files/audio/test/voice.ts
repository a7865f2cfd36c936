/**
 * A voice-like sound at any rate: a gliding fundamental with harmonics below 3 kHz, in syllables. What the files in
 * `sounds/` were made of, see the README there.
 */
export function voice(rateHz: number, seconds: number): Int16Array {
  return Int16Array.from({ length: Math.floor(rateHz * seconds) }, (_, i) => {
    const t = i / rateHz
    const phase = 2 * Math.PI * (140 * t - 8 * Math.cos(5 * t) - (25 / 17) * Math.cos(17 * t))
    let sum = 0
    for (let h = 1; h <= 14; h++) sum += Math.sin(h * phase + h * h) / (1 + Math.abs(h - 4 - 3 * Math.sin(7 * t)))
    return Math.round(3500 * sum * (0.15 + 0.85 * Math.sin(2 * Math.PI * 2.3 * t) ** 2))
  })
}
