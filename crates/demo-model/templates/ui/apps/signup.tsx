import { useState, type FormEvent } from 'react'
import { Eye, EyeOff } from 'lucide-react'
import { Page, card, field, primary, secondary } from './components/Page'

type Values = Record<string, string>

const fields = [
§fields§]

function check(values: Values) {
  const errors: Values = {}
  for (const { name, label, type, needed } of fields) {
    const value = (values[name] ?? '').trim()
    if (needed && !value) errors[name] = `${label} is needed.`
    else if (value && type === 'email' && !/^\S+@\S+\.\S+$/.test(value)) errors[name] = 'This is not an e-mail address.'
    else if (value && type === 'tel' && !/^[+\d ()-]{5,}$/.test(value)) errors[name] = 'This is not a phone number.'
    else if (type === 'password' && value.length < 10) errors[name] = 'Use at least 10 characters.'
    else if (type === 'textarea' && needed && value.length < 10) errors[name] = 'Say a little more.'
  }
  if ('again' in values && values.again !== values.password) errors.again = 'The two passwords differ.'
  return errors
}

export default function App() {
  const [values, setValues] = useState<Values>(Object.fromEntries(fields.map(({ name }) => [name, ''])))
  const [errors, setErrors] = useState<Values>({})
  const [shown, setShown] = useState(false)
  const [sent, setSent] = useState<Values | null>(null)

  function submit(event: FormEvent) {
    event.preventDefault()
    const found = check(values)
    setErrors(found)
    if (Object.keys(found).length === 0) setSent(values)
  }

  if (sent) {
    return (
      <Page title={§title§}>
        <section role="status" className={`${card} space-y-3`}>
          <h2 className="text-lg font-semibold text-emerald-600">Thank you, all is in.</h2>
          <dl className="space-y-1 text-sm">{fields.filter(({ type }) => type !== 'password').map(({ name, label }) => <div key={name} className="flex gap-2"><dt className="text-slate-500">{label}:</dt><dd className="break-words text-slate-900">{sent[name] || '–'}</dd></div>)}</dl>
          <button type="button" className={secondary} onClick={() => { setSent(null); setValues(Object.fromEntries(fields.map(({ name }) => [name, '']))) }}>Fill in another</button>
        </section>
      </Page>
    )
  }

  return (
    <Page title={§title§} about="§about§">
      <form onSubmit={submit} noValidate className={`${card} space-y-4`}>
        {Object.keys(errors).length > 0 && <p role="alert" className="rounded-lg bg-red-50 p-3 text-sm text-red-600">Please look at the marked fields.</p>}
        {fields.map(({ name, label, type, needed }) => {
          const props = { id: name, className: field, value: values[name], 'aria-invalid': Boolean(errors[name]), 'aria-describedby': `${name}-error` }
          const change = (value: string) => { setValues({ ...values, [name]: value }); setErrors({ ...errors, [name]: '' }) }
          return (
            <div key={name}>
              <label htmlFor={name} className="mb-1 block text-sm font-medium text-slate-700">{label}{needed ? '' : ' (if you like)'}</label>
              <div className="relative">
                {type === 'textarea' ? <textarea rows={4} {...props} onChange={event => change(event.target.value)} /> : <input type={type === 'password' && shown ? 'text' : type} {...props} onChange={event => change(event.target.value)} />}
                {type === 'password' && <button type="button" aria-label={shown ? 'Hide the password' : 'Show the password'} className="absolute top-2 right-2 text-slate-500" onClick={() => setShown(!shown)}>{shown ? <EyeOff className="size-5" /> : <Eye className="size-5" />}</button>}
              </div>
              {errors[name] && <p id={`${name}-error`} className="mt-1 text-sm text-red-600">{errors[name]}</p>}
            </div>
          )
        })}
        <button type="submit" className={`${primary} w-full`}>§send§</button>
      </form>
    </Page>
  )
}
