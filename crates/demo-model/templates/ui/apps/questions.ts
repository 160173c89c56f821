export interface Question {
  text: string
  answers: string[]
  /** The place of the right answer. */
  right: number
}

export const questions: Question[] = [
  { text: 'What is the capital of Peru?', answers: ['Quito', 'Lima', 'La Paz', 'Bogotá'], right: 1 },
  { text: 'How many bits are in a byte?', answers: ['4', '8', '16', '32'], right: 1 },
  { text: 'Which planet has the most moons?', answers: ['Mars', 'Venus', 'Saturn', 'Earth'], right: 2 },
  { text: 'Who wrote “Frankenstein”?', answers: ['Mary Shelley', 'Jane Austen', 'Bram Stoker', 'Edgar Allan Poe'], right: 0 },
  { text: 'Which gas do plants take in?', answers: ['Oxygen', 'Nitrogen', 'Helium', 'Carbon dioxide'], right: 3 },
  { text: 'When did the Berlin Wall fall?', answers: ['1979', '1985', '1989', '1991'], right: 2 },
]
