// Makes the folder of sounds that the benchmark of far-end detectors renders its calls from: recorded prompts and music of
// Debian's packages, synthetic voices, the signals of fax machines made by SpanDSP, and the live recordings of a folder of
// yours. It needs apt-get, dpkg-deb, sox, ffmpeg, flite, espeak-ng, festival, cc and libspandsp-dev; see ../README.md.
//
//     node --import jiti/register bench/lsd/prepare/prepare.ts LIVE INTO
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { SPOKEN_TEXTS, SYNTHETIC_VOICES, type SyntheticVoice } from './texts.ts'

/** Recorded voices: the Debian packages with their sound and their words, and the folder within. */
const RECORDED = [
  { name: 'it-carlo', sound: 'asterisk-core-sounds-it-wav', words: 'it', folder: 'it_IT_m_Carlo' },
  { name: 'ru', sound: 'asterisk-core-sounds-ru-wav', words: 'ru', folder: 'ru_RU_f_IvrvoiceRU' },
  { name: 'fr-june', sound: 'asterisk-core-sounds-fr-wav', words: 'fr', folder: 'fr_CA_f_June' },
  { name: 'it-menardi', sound: 'asterisk-prompt-it-menardi-wav', folder: 'it_IT_f_Menardi' },
  { name: 'en-allison', sound: 'asterisk-core-sounds-en-wav', words: 'en', folder: 'en_US_f_Allison' },
  { name: 'es-allison', sound: 'asterisk-core-sounds-es-wav', words: 'es', folder: 'es_MX_f_Allison' },
  { name: 'es-co', sound: 'asterisk-prompt-es-co', folder: 'es' },
  { name: 'fr-armelle', sound: 'asterisk-prompt-fr-armelle', folder: 'fr' },
] as const
const MUSIC = 'asterisk-moh-opsound-wav'

/** Tones and silence among the prompts. */
const NO_SPEECH = /^(silence|beep|beeperr|ascending-2tone|descending-2tone|.*-hash)/

const [live, into] = process.argv.slice(2)
if (live === undefined || into === undefined) {
  console.error('usage: prepare.ts LIVE INTO: the folder of live recordings, and the folder to make')
  process.exit(2)
}
const scratch = join(into, '.scratch')
mkdirSync(scratch, { recursive: true })
cpSync(live, join(into, 'live'), { recursive: true })
for (const voice of RECORDED) make(`recorded/${voice.name}`, (to) => prepareRecorded(voice, to))
make('music', prepareMusic)
for (const voice of SYNTHETIC_VOICES) make(`synthetic/${voice.name}`, (to) => prepareSynthetic(voice, to))
make('fax', prepareFax)
rmSync(scratch, { recursive: true })

/** Makes a folder, unless it was made before: whole, or not at all. */
function make(name: string, fill: (to: string) => void): void {
  const folder = join(into!, name)
  if (!existsSync(folder)) {
    const unfinished = join(scratch, 'unfinished')
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished)
    fill(unfinished)
    mkdirSync(dirname(folder), { recursive: true })
    renameSync(unfinished, folder)
  }
  console.log(`${name}: ${readdirSync(folder).length} files`)
}

function prepareRecorded(voice: (typeof RECORDED)[number], to: string): void {
  const from = join(unpacked(voice.sound), 'usr/share/asterisk/sounds', voice.folder)
  for (const folder of ['', 'digits']) {
    for (const name of readdirSync(join(from, folder)).sort()) {
      if (!/\.(wav|gsm)$/.test(name) || NO_SPEECH.test(name)) continue
      toWav(join(from, folder, name), join(to, `${folder === '' ? '' : 'digits-'}${name.replace(/\.\w+$/, '.wav')}`))
    }
  }
  if ('words' in voice) writeFileSync(join(to, 'words.txt'), wordsOf(voice.words))
}

/** What the prompts of a language say, a line each: `name: words`, as the package of that language has it. */
function wordsOf(language: string): string {
  const name = `asterisk-core-sounds-${language}`
  const folder = join(unpacked(name), 'usr/share/doc', name)
  const file = readdirSync(folder).find((each) => /^core-sounds-.*\.txt(\.gz)?$/.test(each))
  if (file === undefined) throw new Error(`No words in the package ${name}`)
  const bytes = readFileSync(join(folder, file))
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const lines = text.split(/\r?\n/).filter((line) => /^[\w/-]+:/.test(line))
  return `${lines.map((line) => line.replace('digits/', 'digits-')).join('\n')}\n`
}

function prepareMusic(to: string): void {
  const from = join(unpacked(MUSIC), 'usr/share/asterisk/moh')
  for (const name of readdirSync(from)) if (name.endsWith('.wav')) toWav(join(from, name), join(to, name))
}

function prepareSynthetic({ command }: SyntheticVoice, to: string): void {
  const words: string[] = []
  const said = join(scratch, 'text')
  const sound = join(scratch, 'voice.wav')
  for (const [kind, texts] of Object.entries(SPOKEN_TEXTS)) {
    for (const [n, text] of texts.entries()) {
      writeFileSync(said, text)
      const [program, ...options] = command(said, sound)
      run(program, options)
      toWav(sound, join(to, `${kind}-${n}.wav`))
      words.push(`${kind}-${n}: ${text}`)
    }
  }
  writeFileSync(join(to, 'words.txt'), `${words.join('\n')}\n`)
}

function prepareFax(to: string): void {
  const program = join(scratch, 'fax-signals')
  const source = fileURLToPath(new URL('fax-signals.c', import.meta.url))
  run('cc', ['-O2', '-o', program, source, '-lspandsp', '-ltiff', '-lm'])
  run(program, [to])
}

/** A Debian package, downloaded and unpacked but not installed: some of these depend on programs that nobody needs here. */
function unpacked(name: string): string {
  const folder = join(scratch, name)
  if (existsSync(folder)) return folder
  mkdirSync(folder)
  run('apt-get', ['-qq', 'download', name], folder)
  const file = readdirSync(folder).find((each) => each.endsWith('.deb'))
  if (file === undefined) throw new Error(`apt-get downloaded nothing for ${name}`)
  run('dpkg-deb', ['-x', file, '.'], folder)
  return folder
}

/** 8 kHz, mono, 16 bits, and nothing else changed. */
function toWav(from: string, to: string): void {
  run('sox', ['-D', '-R', from, '-r', '8000', '-c', '1', '-b', '16', '-e', 'signed-integer', to])
}

function run(program: string, options: readonly string[], cwd?: string): void {
  const { status, stderr, error } = spawnSync(program, options, { ...(cwd !== undefined && { cwd }) })
  if (status === 0) return
  const why = error?.message ?? stderr.toString().trim()
  throw new Error(`${basename(program)} ${options.join(' ')}: ${why}`)
}
