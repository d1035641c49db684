// Shows times in the reader's time zone: <time datetime="…Z">, which the server writes in UTC.
//
// The title has the exact time, or the text if there is no title; with `data-date` the text is a date,
// with `data-clock` the time of day if that is today.

const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });

for (const element of document.querySelectorAll("time[datetime]")) {
  const time = new Date(element.dateTime);
  const text = exact.format(time).replace(" at ", ", ");
  if (element.title) element.title = text;
  else element.textContent = text;
  const isToday = date.format(time) === date.format(new Date());
  if ("clock" in element.dataset && isToday) element.textContent = clock.format(time);
  if ("date" in element.dataset) element.textContent = date.format(time);
}
