// Does Slack's own Node framework live in the local Slack?
//
// A Bolt app that does what a bot does: acknowledge and answer a command, take presses, open and
// check a form, publish Home, upload a file, read history with metadata. Each thing heard is told
// as one line of JSON; "stop" on the standard input ends it.

import bolt from '@slack/bolt'
import { createInterface } from 'node:readline'

const { App, LogLevel } = bolt
const { SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET, PORT } = process.env
const tell = (what, more = {}) => console.log(JSON.stringify({ what, ...more }))

const common = {
  token: SLACK_BOT_TOKEN,
  clientOptions: { slackApiUrl: SLACK_API_URL, retryConfig: { retries: 0 } },
  logLevel: LogLevel.ERROR,
}
const app = PORT
  ? new App({ ...common, signingSecret: SLACK_SIGNING_SECRET, endpoints: '/slack/events' })
  : new App({ ...common, socketMode: true, appToken: SLACK_APP_TOKEN })

const plain = (text) => ({ type: 'plain_text', text })
const blocks = [{
  type: 'actions',
  block_id: 'next',
  elements: [{ type: 'button', action_id: 'drill', value: 'channel', text: plain('チャネル別') }],
}]
const form = {
  type: 'modal',
  callback_id: 'threshold',
  title: plain('しきい値'),
  submit: plain('保存'),
  blocks: [{
    type: 'input',
    block_id: 't',
    label: plain('%'),
    element: { type: 'plain_text_input', action_id: 'percent' },
  }],
}

app.command('/kpi', async ({ ack, command, respond, client }) => {
  await ack()
  if (command.text === '設定') {
    await client.views.open({ trigger_id: command.trigger_id, view: form })
  } else {
    await respond({ text: `${command.user_name}: ${command.text}`, blocks })
  }
  tell('command', { text: command.text })
})

app.action('drill', async ({ ack, action, respond }) => {
  await ack()
  await respond({ text: '内訳', replace_original: true })
  tell('press', { value: action.value })
})

app.view('threshold', async ({ ack, view }) => {
  const { value } = view.state.values.t.percent
  if (/^\d+$/.test(value)) await ack()
  else await ack({ response_action: 'errors', errors: { t: '数字で入力してください' } })
  tell('submit', { value })
})

app.event('app_home_opened', async ({ event, client }) => {
  await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [{ type: 'header', text: plain('今日') }] } })
  tell('home', { user: event.user })
})

app.event('app_mention', async ({ event, client, body }) => {
  tell('mention', { event_id: body.event_id, text: event.text })
  if (event.text.includes('一覧')) {
    await client.files.uploadV2({ channel_id: event.channel, filename: '休眠.csv', content: 'a,b\n', initial_comment: '一覧' })
    tell('upload')
  }
  if (event.text.includes('履歴')) {
    const metadata = { event_type: 'digest', event_payload: { id: '01J' } }
    const sent = await client.chat.postMessage({ channel: event.channel, text: '20.3%', metadata })
    const read = await client.conversations.history({ channel: event.channel, include_all_metadata: true, limit: 1 })
    tell('history', { same: read.messages[0].ts === sent.ts, metadata: read.messages[0].metadata })
    const refused = await client.chat.postMessage({ channel: event.channel, text: 'x', blocks: [{ type: 'alert' }] })
      .catch((error) => error)
    tell('refusal', { error: refused.data?.error ?? String(refused), told: refused.data?.response_metadata?.messages })
  }
})

app.error(async (error) => tell('error', { error: String(error) }))

createInterface({ input: process.stdin }).on('line', async () => {
  await app.stop()
  process.exit(0)
})

await app.start(PORT ? { port: Number(PORT), host: '127.0.0.1' } : undefined)
tell('ready')
