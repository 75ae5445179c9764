# What terra makes of a file without being told a variable: layers, names, dates, and the mean of all values.
suppressMessages(suppressWarnings(library(terra)))
grid <- rast(commandArgs(TRUE)[1])
cat("layers", nlyr(grid), "\n")
cat("variables", unique(varnames(grid)), "\n")
cat("dates", format(range(time(grid)), "%Y-%m-%d"), "\n")
cat("mean", format(global(mean(grid), "mean", na.rm = TRUE)[1, 1], digits = 6), "\n")
