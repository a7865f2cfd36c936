import { defineConfig } from 'ringdown'

export default defineConfig({
  services: [
    // No application: a number, a room, and the PIN that opens it.
    {
      name: 'sales',
      match: '2000',
      room: {
        name: 'sales',
        pin: '4711',
        askForPin: { textToSay: 'Please enter the PIN of the meeting.' },
        wrongPin: { textToSay: 'That was not it.' },
        muteDigit: '0',
        exitDigit: '#',
        onMuted: { textToSay: 'You are muted.' },
      },
    },
    { name: 'meeting', match: '3000', app: './meeting.ts' },
    { name: 'town-hall', match: ['4000', '4001'], app: './town-hall.ts' },
  ],
  rooms: { mostParties: 100, quietAfterParties: 20, policies: [{ match: 'town-hall', mostParties: 5000 }] },
})
