/** What the synthetic voices say: sentences of our own, as answering machines, screeners and networks say them. */
export const SPOKEN_TEXTS: Readonly<Record<'greeting' | 'short' | 'screening' | 'announcement', readonly string[]>> = {
  greeting: [
    'Hi, you have reached the office of Martin Hale. I cannot take your call right now. Please leave a message after the tone.',
    'Hello, this is Anna. I am away from my phone. Leave your name and your number and I will call you back as soon as I can.',
    'Thank you for calling Northwind Plumbing. Our office is open from nine to five, Monday to Friday. Please leave a message.',
    'The person you are calling is not available. At the tone, please record your message. When you have finished you may hang up.',
    'Hey, it is Rob. You know what to do.',
    'You have reached the Carter family. Nobody is at home. Talk to you soon.',
    'Your call has been forwarded to an automatic voice message system. The subscriber is not available.',
    'Good day. I am in a meeting until the afternoon. If it is urgent, send me a text. Otherwise leave a message. Thank you, and bye.',
    'Welcome to the mailbox of the sales department. All our agents are busy at the moment. Please tell us how we can help.',
    'Sorry I missed you. I am travelling this week and will answer on Monday. Please leave a short message.',
    'Hello. Hello? Just kidding, I am not here. Speak after the beep.',
    'This mailbox is not checked on weekends. For emergencies call the number on our web site. Please leave your details.',
  ],
  short: [
    'Leave a message.',
    'Not here, sorry.',
    'Please record now.',
    'You missed me.',
    'After the tone, please.',
    'This is Tom.',
    'Voice mail.',
    'Call me later.',
  ],
  screening: [
    'Hi. If you record your name and the reason for calling, I will see if this person is available.',
    'The person you are calling is using a screening service, and will get a copy of this conversation. Go ahead and say your name, and why you are calling.',
    'Before I connect you, please say who you are and what this is about.',
    'Hello. This call is answered by an assistant. Please state your name after this sentence, and stay on the line.',
  ],
  announcement: [
    'The number you have dialled is not in service. Please check the number and dial again.',
    'We are sorry. Your call cannot be completed as dialled.',
    'All circuits are busy now. Please try your call again later.',
    'The subscriber you have called is switched off or out of reach.',
    'You have reached a number that has been disconnected, or is no longer in service.',
  ],
}

/** A voice, and the command that reads a text file and writes a WAV file. */
export interface SyntheticVoice {
  readonly name: string
  readonly command: (text: string, file: string) => readonly [string, ...string[]]
}

export const SYNTHETIC_VOICES: readonly SyntheticVoice[] = [
  ...['kal', 'awb', 'rms', 'slt'].map(
    (voice): SyntheticVoice => ({
      name: `flite-${voice}`,
      command: (text, file) => ['flite', '-voice', voice, '-f', text, '-o', file],
    }),
  ),
  ...['en-us', 'en-gb-x-rp', 'en-us+f3', 'en-gb-scotland+m5'].map(
    (voice): SyntheticVoice => ({
      name: `espeak-${voice.replace('+', '-')}`,
      command: (text, file) => ['espeak-ng', '-v', voice, '-f', text, '-w', file],
    }),
  ),
  ...['kal_diphone', 'cmu_us_slt_arctic_hts'].map(
    (voice): SyntheticVoice => ({
      name: `festival-${voice.includes('slt') ? 'slt' : 'kal'}`,
      command: (text, file) => ['text2wave', '-eval', `(voice_${voice})`, '-o', file, text],
    }),
  ),
]
