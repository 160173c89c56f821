//! Calculators of one formula: inputs, results, nothing else. A table of the known ones.

use super::{App, apps, crud, title};
use crate::{literal::quoted, reading::Reading, template::fill};

struct Formula {
    words: &'static [&'static str],
    title: &'static str,
    about: &'static str,
    /// key, label, value, step, least, most
    inputs: &'static [(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str)],
    code: &'static str,
}

const FORMULAS: &[Formula] = &[
    Formula {
        words: &[
            "split the bill",
            "bill split",
            "bill splitter",
            "split bill",
            "split a bill",
            "splitting",
            "splits the bill",
            "tip calculator",
            "tip",
            "restaurant bill",
            "share the bill",
        ],
        title: "Split the bill",
        about: "What everyone pays, with the tip.",
        inputs: &[
            ("bill", "Bill", "84.5", "0.01", "0", "1000000"),
            ("tip", "Tip (%)", "10", "1", "0", "100"),
            ("people", "People", "4", "1", "1", "500"),
        ],
        code: "  const tipped = (bill * tip) / 100\n  const total = bill + tipped\n  // Rounded up to a cent, so that the bill is always covered.\n  const each = Math.ceil((total / people) * 100 - 1e-9) / 100\n  return [\n    { label: 'Each pays', text: money(each) },\n    { label: 'Tip', text: money(tipped) },\n    { label: 'Total', text: money(total) },\n    { label: 'Tip for each', text: money(tipped / people) },\n  ]\n",
    },
    Formula {
        words: &["bmi", "body mass index", "body mass"],
        title: "BMI calculator",
        about: "Body mass index for adults, with the range that counts as normal.",
        inputs: &[
            ("weight", "Weight (kg)", "70", "0.1", "20", "400"),
            ("height", "Height (cm)", "175", "1", "80", "260"),
        ],
        code: "  const metres = height / 100\n  const bmi = weight / (metres * metres)\n  const group = bmi < 18.5 ? 'Underweight' : bmi < 25 ? 'Normal' : bmi < 30 ? 'Overweight' : 'Obese'\n  return [\n    { label: 'BMI', text: bmi.toFixed(1) },\n    { label: 'Group', text: group },\n    { label: 'Normal at this height', text: `${number(18.5 * metres * metres)} to ${number(24.9 * metres * metres)} kg` },\n  ]\n",
    },
    Formula {
        words: &[
            "loan",
            "mortgage",
            "loan calculator",
            "mortgage calculator",
            "kredit",
            "préstamo",
            "hipoteca",
            "amortization",
            "emi",
        ],
        title: "Loan calculator",
        about: "The monthly payment of a loan with a fixed rate.",
        inputs: &[
            ("amount", "Amount", "200000", "100", "1", "100000000"),
            ("rate", "Rate a year (%)", "3.5", "0.01", "0", "100"),
            ("years", "Years", "25", "1", "1", "60"),
        ],
        code: "  const months = years * 12\n  const monthly = rate / 100 / 12\n  const payment = monthly === 0 ? amount / months : (amount * monthly) / (1 - (1 + monthly) ** -months)\n  return [\n    { label: 'Each month', text: money(payment) },\n    { label: 'Interest in all', text: money(payment * months - amount) },\n    { label: 'Paid in all', text: money(payment * months) },\n  ]\n",
    },
    Formula {
        words: &[
            "compound interest",
            "investment calculator",
            "savings calculator",
            "interest calculator",
            "retirement calculator",
            "zinsrechner",
            "investment growth",
        ],
        title: "Savings calculator",
        about: "What savings grow to with compound interest.",
        inputs: &[
            ("start", "At the start", "1000", "10", "0", "100000000"),
            ("monthly", "Each month", "100", "10", "0", "1000000"),
            ("rate", "Interest a year (%)", "4", "0.1", "0", "100"),
            ("years", "Years", "10", "1", "1", "80"),
        ],
        code: "  const step = rate / 100 / 12\n  let value = start\n  for (let month = 0; month < years * 12; month++) value = value * (1 + step) + monthly\n  const paid = start + monthly * years * 12\n  return [\n    { label: `After ${number(years)} years`, text: money(value) },\n    { label: 'Paid in', text: money(paid) },\n    { label: 'Interest', text: money(value - paid) },\n  ]\n",
    },
    Formula {
        words: &["discount calculator", "discount", "sale price", "price reduction", "rabatt"],
        title: "Discount calculator",
        about: "The price after a discount, with tax if you like.",
        inputs: &[
            ("price", "Price", "80", "0.01", "0", "10000000"),
            ("off", "Discount (%)", "15", "1", "0", "100"),
            ("tax", "Tax (%)", "0", "0.1", "0", "100"),
        ],
        code: "  const net = price * (1 - off / 100)\n  return [\n    { label: 'You pay', text: money(net * (1 + tax / 100)) },\n    { label: 'You save', text: money(price - net) },\n    { label: 'Tax', text: money((net * tax) / 100) },\n  ]\n",
    },
    Formula {
        words: &["fuel cost", "trip cost", "fuel calculator", "gas cost", "fuel consumption", "gas mileage"],
        title: "Fuel cost calculator",
        about: "What a trip costs in fuel, for one and for all.",
        inputs: &[
            ("distance", "Distance (km)", "320", "1", "0", "100000"),
            ("use", "Litres per 100 km", "6.2", "0.1", "0.1", "100"),
            ("price", "Price of a litre", "1.75", "0.01", "0", "100"),
            ("people", "People", "2", "1", "1", "50"),
        ],
        code: "  const litres = (distance * use) / 100\n  return [\n    { label: 'Fuel costs', text: money(litres * price) },\n    { label: 'Each pays', text: money((litres * price) / people) },\n    { label: 'Litres', text: number(litres) },\n  ]\n",
    },
    Formula {
        words: &["vat", "tax calculator", "sales tax", "mwst", "iva", "net and gross", "gross"],
        title: "VAT calculator",
        about: "Net, tax and gross of an amount.",
        inputs: &[
            ("amount", "Net amount", "100", "0.01", "0", "100000000"),
            ("rate", "Tax (%)", "20", "0.1", "0", "100"),
        ],
        code: "  const tax = (amount * rate) / 100\n  return [\n    { label: 'Gross', text: money(amount + tax) },\n    { label: 'Tax', text: money(tax) },\n    { label: 'If the amount were gross, net is', text: money(amount / (1 + rate / 100)) },\n  ]\n",
    },
    Formula {
        words: &[
            "percentage calculator",
            "percent calculator",
            "percentages",
            "prozentrechner",
            "porcentajes",
        ],
        title: "Percentage calculator",
        about: "Two numbers, and every percentage between them.",
        inputs: &[
            ("a", "First number", "40", "any", "-1000000000", "1000000000"),
            ("b", "Second number", "250", "any", "-1000000000", "1000000000"),
        ],
        code: "  return [\n    { label: `${number(a)} % of ${number(b)}`, text: number((a * b) / 100) },\n    { label: `${number(a)} of ${number(b)} in %`, text: b ? `${number((a / b) * 100)} %` : '–' },\n    { label: `From ${number(a)} to ${number(b)}`, text: a ? `${number(((b - a) / a) * 100)} %` : '–' },\n  ]\n",
    },
    Formula {
        words: &["calorie calculator", "bmr", "tdee", "calorie needs", "daily calories", "calories needed"],
        title: "Calorie calculator",
        about: "Calories a day, after Mifflin and St Jeor.",
        inputs: &[
            ("age", "Age", "35", "1", "15", "100"),
            ("weight", "Weight (kg)", "70", "0.1", "30", "300"),
            ("height", "Height (cm)", "175", "1", "120", "230"),
            ("hours", "Hours of sport a week", "3", "0.5", "0", "30"),
        ],
        code: "  const rest = 10 * weight + 6.25 * height - 5 * age\n  const active = 1.2 + Math.min(hours, 12) * 0.055\n  return [\n    { label: 'A woman needs', text: `${Math.round((rest - 161) * active)} kcal` },\n    { label: 'A man needs', text: `${Math.round((rest + 5) * active)} kcal` },\n    { label: 'Factor for activity', text: number(active) },\n  ]\n",
    },
    Formula {
        words: &["paint calculator", "area calculator", "tile calculator", "wallpaper", "flooring"],
        title: "Paint calculator",
        about: "How much paint a room needs.",
        inputs: &[
            ("length", "Length (m)", "5", "0.1", "0.1", "1000"),
            ("width", "Width (m)", "4", "0.1", "0.1", "1000"),
            ("height", "Height (m)", "2.5", "0.1", "0.1", "100"),
            ("coats", "Coats", "2", "1", "1", "10"),
            ("cover", "One litre covers (m²)", "10", "0.5", "0.5", "100"),
        ],
        code: "  const walls = 2 * (length + width) * height\n  return [\n    { label: 'Paint for the walls', text: `${number(Math.ceil((walls * coats * 10) / cover) / 10)} l` },\n    { label: 'Walls', text: `${number(walls)} m²` },\n    { label: 'Floor', text: `${number(length * width)} m²` },\n  ]\n",
    },
    Formula {
        words: &[
            "salary calculator",
            "hourly rate",
            "hourly wage",
            "freelance rate",
            "wage calculator",
            "pay calculator",
            "freelancer rate",
        ],
        title: "Pay calculator",
        about: "From an hourly rate to the month and the year.",
        inputs: &[
            ("rate", "Rate an hour", "45", "0.5", "0", "100000"),
            ("hours", "Hours a week", "38", "0.5", "0", "168"),
            ("weeks", "Weeks a year", "46", "1", "1", "53"),
            ("tax", "Tax (%)", "25", "0.5", "0", "100"),
        ],
        code: "  const year = rate * hours * weeks\n  return [\n    { label: 'A month after tax', text: money((year * (1 - tax / 100)) / 12) },\n    { label: 'A month', text: money(year / 12) },\n    { label: 'A year', text: money(year) },\n    { label: 'Tax a year', text: money((year * tax) / 100) },\n  ]\n",
    },
    Formula {
        words: &["running pace", "pace calculator", "marathon pace", "race pace"],
        title: "Pace calculator",
        about: "Pace and speed of a run.",
        inputs: &[
            ("distance", "Distance (km)", "10", "0.1", "0.1", "1000"),
            ("minutes", "Minutes", "52", "1", "0", "10000"),
            ("seconds", "Seconds", "30", "1", "0", "59"),
        ],
        code: "  const total = minutes * 60 + seconds\n  const clock = (s: number) => `${Math.floor(s / 60)}:${String(Math.round(s % 60)).padStart(2, '0')}`\n  const pace = total / distance\n  return [\n    { label: 'Pace', text: `${clock(pace)} min/km` },\n    { label: 'Speed', text: `${number(total ? distance / (total / 3600) : 0)} km/h` },\n    { label: 'Half marathon at this pace', text: `${clock((pace * 21.0975) / 60)} h` },\n    { label: 'Marathon at this pace', text: `${clock((pace * 42.195) / 60)} h` },\n  ]\n",
    },
];

pub fn find(reading: &Reading) -> Option<App> {
    let text = &reading.base;
    let length = |formula: &&Formula| {
        formula.words.iter().filter(|word| text.has(&[word])).map(|word| word.len()).max().unwrap_or(0)
    };
    let formula = FORMULAS.iter().filter(|f| length(f) > 0).max_by_key(length)?;
    let named = formula.words.iter().any(|word| word.contains(' ') && text.has(&[word]));
    let asks = text.has_stem(&[
        "calculat",
        "split",
        "bmi",
        "convert",
        "comput",
        "rechner",
        "calculadora",
        "how much",
    ]);
    if !named && !asks {
        return None;
    }
    let keys: String = formula.inputs.iter().map(|(key, ..)| format!("  {key}: number\n")).collect();
    let inputs: String = formula
        .inputs
        .iter()
        .map(|(key, label, value, step, min, max)| {
            let step = if *step == "any" { "0.01" } else { step };
            format!("  {{ key: '{key}', label: '{label}', value: {value}, step: {step}, min: {min}, max: {max} }},\n")
        })
        .collect();
    let names: Vec<&str> = formula.inputs.iter().map(|(key, ..)| *key).collect();
    let lib = fill(
        include_str!("../../templates/ui/apps/formula.ts"),
        &[
            ("keys", &keys),
            ("inputs", &inputs),
            ("names", &names.join(", ")),
            ("code", formula.code),
            ("currency", crud::currency(&reading.all)),
        ],
    );
    let tsx = fill(
        include_str!("../../templates/ui/apps/formula.tsx"),
        &[
            ("accent", "§accent§"),
            ("title", &quoted(&title(reading, formula.title))),
            ("about", formula.about),
        ],
    );
    let intro =
        format!("{}: {} It checks what you type and shows the result at once.", formula.title, formula.about);
    Some(apps::made(&intro, tsx, vec![("lib/formula.ts".to_owned(), lib)]))
}
