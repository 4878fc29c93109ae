# prog_sed_eat in the SDK's verify tree: the files of this folder go to
#   sdk/verify/opendla/source/sed/eat
# and in sdk/verify/opendla it is made by
#   make clean; make source/sed/eat
#
# The tree compiles all .c files of the folder and names the program after it.

LIBS += -lmi_ipu -lcam_fs_wrapper

# What edla_port.h cannot see in the SDK's headers by itself, as: CODEDEFINE += -DEDLA_SYS_SOC_ID=0
