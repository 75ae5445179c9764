# Prints what R's ncdf4 finds in a NetCDF file: Rscript read_series.R FILE VARIABLE [LAT LON]
#
# A line of names, lengths and units, then the values of the series, one a line: of an archive those of the variable
# (group/name), of a grid those at a place.
options(warn = 2)
suppressMessages(library(ncdf4))
arguments <- commandArgs(trailingOnly = TRUE)
file <- nc_open(arguments[1])
name <- arguments[2]
stopifnot(name %in% names(file$var))
lengths <- sapply(file$var[[name]]$dim, function(dimension) dimension$len)
cat(name, lengths, file$var[[name]]$units, file$var[[name]]$longname, sep = "|")
cat("\n")
values <- ncvar_get(file, name, collapse_degen = FALSE)
if (length(arguments) > 2) {
  lat <- which(abs(ncvar_get(file, "lat") - as.numeric(arguments[3])) < 1e-9)
  lon <- which(abs(ncvar_get(file, "lon") - as.numeric(arguments[4])) < 1e-9)
  stopifnot(length(lat) == 1, length(lon) == 1)
  values <- values[lon, lat, ]
}
cat(sprintf("%.9g", values), sep = "\n")
# Everything else can be read as well.
for (other in names(file$var)) invisible(ncvar_get(file, other))
nc_close(file)
