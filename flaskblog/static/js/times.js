// Shows times in the reader's time zone: <time datetime="…Z">, which the server writes in UTC.
//
// The title has the exact time, or the text if there is no title; with `data-date` the text is a date.

const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });

for (const element of document.querySelectorAll("time[datetime]")) {
  const time = new Date(element.dateTime);
  const text = exact.format(time).replace(" at ", ", ");
  if (element.title) element.title = text;
  else element.textContent = text;
  if ("date" in element.dataset) element.textContent = date.format(time);
}
