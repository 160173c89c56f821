import { useMemo, useState } from 'react'
import { Minus, Plus, Search, ShoppingCart } from 'lucide-react'
import { Page, card, field, primary, secondary } from './components/Page'
import { useStored } from './lib/storage'

const products = [
  { id: 'mug', name: 'Enamel mug', group: 'Kitchen', price: 12.5, face: '☕' },
  { id: 'towel', name: 'Tea towel', group: 'Kitchen', price: 7.5, face: '🧺' },
  { id: 'trowel', name: 'Hand trowel', group: 'Garden', price: 9.9, face: '🌱' },
  { id: 'lamp', name: 'Desk lamp', group: 'Home', price: 39, face: '💡' },
  { id: 'book', name: 'Notebook', group: 'Home', price: 6, face: '📓' },
  { id: 'bag', name: 'Canvas bag', group: 'Travel', price: 18, face: '👜' },
]
const groups = ['All', ...new Set(products.map(product => product.group))]
const money = (n: number) => n.toLocaleString(undefined, { style: 'currency', currency: '§currency§' })

export default function App() {
  const [cart, setCart] = useStored<Record<string, number>>('cart', {})
  const [group, setGroup] = useState('All')
  const [query, setQuery] = useState('')
  const [order, setOrder] = useState('name')
  const [said, setSaid] = useState('')
  const shown = useMemo(() => products
    .filter(product => (group === 'All' || product.group === group) && product.name.toLowerCase().includes(query.trim().toLowerCase()))
    .sort((a, b) => (order === 'price' ? a.price - b.price : a.name.localeCompare(b.name))), [group, query, order])
  const lines = products.filter(product => cart[product.id])
  const goods = lines.reduce((sum, product) => sum + product.price * cart[product.id], 0)
  const sending = goods === 0 || goods >= 50 ? 0 : 4.9
  const count = lines.reduce((sum, product) => sum + cart[product.id], 0)

  function change(id: string, step: number) {
    setCart({ ...cart, [id]: Math.max(0, (cart[id] ?? 0) + step) })
    setSaid('')
  }

  return (
    <Page title={§title§} about={`Free delivery from ${money(50)}.`} wide>
      <div className="grid items-start gap-6 md:grid-cols-[1fr_18rem]">
        <section className="space-y-4" aria-label="Products">
          <div className="flex flex-wrap gap-2">
            <div className="relative min-w-40 flex-1"><Search className="absolute top-2.5 left-3 size-4 text-slate-400" /><input type="search" aria-label="Search products" placeholder="Search" className={`${field} pl-9`} value={query} onChange={event => setQuery(event.target.value)} /></div>
            <select aria-label="Group" className={`${field} w-32`} value={group} onChange={event => setGroup(event.target.value)}>{groups.map(name => <option key={name}>{name}</option>)}</select>
            <select aria-label="Sort" className={`${field} w-32`} value={order} onChange={event => setOrder(event.target.value)}><option value="name">By name</option><option value="price">By price</option></select>
          </div>
          {shown.length === 0 && <p className="rounded-xl border border-dashed border-slate-300 p-10 text-center text-sm text-slate-500">Nothing matches this search.</p>}
          <ul className="grid grid-cols-2 gap-3 lg:grid-cols-3">
            {shown.map(product => (
              <li key={product.id} className={card}>
                <span aria-hidden className="flex h-24 items-center justify-center rounded-lg bg-slate-100 text-5xl">{product.face}</span>
                <p className="mt-3 font-medium text-slate-900">{product.name}</p>
                <p className="text-sm text-slate-600">{money(product.price)}</p>
                <button type="button" className={`${primary} mt-3 w-full`} onClick={() => change(product.id, 1)}>Add{cart[product.id] ? ` (${cart[product.id]})` : ''}</button>
              </li>
            ))}
          </ul>
        </section>
        <aside className={`${card} space-y-3`} aria-label="Cart">
          <h2 className="flex items-center gap-2 font-medium text-slate-900"><ShoppingCart className="size-5" /> Cart ({count})</h2>
          {lines.length === 0 ? <p className="text-sm text-slate-500">{said || 'Your cart is empty.'}</p> : (
            <>
              <ul className="divide-y divide-slate-200">
                {lines.map(product => (
                  <li key={product.id} className="flex items-center gap-2 py-2 text-sm text-slate-800">
                    <span className="flex-1">{product.name}</span>
                    <button type="button" aria-label={`Less ${product.name}`} className="rounded p-1 hover:bg-slate-100" onClick={() => change(product.id, -1)}><Minus className="size-4" /></button>
                    <span className="tabular-nums">{cart[product.id]}</span>
                    <button type="button" aria-label={`More ${product.name}`} className="rounded p-1 hover:bg-slate-100" onClick={() => change(product.id, 1)}><Plus className="size-4" /></button>
                    <span className="w-16 text-right tabular-nums">{money(product.price * cart[product.id])}</span>
                  </li>
                ))}
              </ul>
              <dl className="space-y-1 border-t border-slate-200 pt-3 text-sm text-slate-600">
                <div className="flex justify-between"><dt>Goods</dt><dd className="tabular-nums">{money(goods)}</dd></div>
                <div className="flex justify-between"><dt>Delivery</dt><dd className="tabular-nums">{sending ? money(sending) : 'free'}</dd></div>
                <div className="flex justify-between text-lg font-semibold text-slate-900"><dt>Total</dt><dd className="tabular-nums">{money(goods + sending)}</dd></div>
              </dl>
              <button type="button" className={`${primary} w-full`} onClick={() => { setSaid(`Thank you! You ordered ${count} ${count === 1 ? 'thing' : 'things'} for ${money(goods + sending)}.`); setCart({}) }}>Order</button>
              <button type="button" className={`${secondary} w-full`} onClick={() => setCart({})}>Empty the cart</button>
            </>
          )}
        </aside>
      </div>
    </Page>
  )
}
